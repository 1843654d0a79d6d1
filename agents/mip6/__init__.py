"""Mobile IPv6's messages (RFC 6275) and what signs them. Nothing here knows of sockets or of time."""
