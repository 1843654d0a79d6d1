"""Sockets, clock and netlink, on the real kernel."""
