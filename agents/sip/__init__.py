"""SIP without I/O: bytes and times in; bytes, timers and events out (RFC 3261 and its kin)."""
