"""STUN and TURN with mobility, as a client: RFC 8489, 8656, 8016."""
