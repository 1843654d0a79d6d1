"""RTP without I/O: packets, sequence numbers, duplicates, reception statistics, playout (RFC 3550)."""
