"""Mobile IPv6 (RFC 6275): bindings with a home agent and with correspondents."""
