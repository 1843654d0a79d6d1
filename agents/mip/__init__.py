"""Mobile IPv4's messages (RFC 5944). Nothing here knows of sockets or of time."""
