"""What shows one run: its page, its chart, its pictures, its capture for Wireshark."""
