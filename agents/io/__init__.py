"""The only sockets, clock and netlink of the agents."""
