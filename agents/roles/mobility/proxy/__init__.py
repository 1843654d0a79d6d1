"""Proxy Mobile IPv6 (RFC 5213): the network keeps a node's address, and the node takes no part in it."""
