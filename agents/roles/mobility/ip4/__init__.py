"""Mobile IPv4 (RFC 5944): registrations, and the home agent that grants them."""
