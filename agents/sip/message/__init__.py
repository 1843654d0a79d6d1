"""SIP messages: bytes to requests and responses, header by header, and back (RFC 3261 7, 20, 25)."""
