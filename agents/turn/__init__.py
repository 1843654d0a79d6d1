"""STUN and TURN with mobility, as a client: RFC 8489, 8656, 8016."""

TURN_PORT = 3478
"""A server's, over UDP (RFC 8656 19, IANA)."""
