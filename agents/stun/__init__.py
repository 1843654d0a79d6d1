"""STUN (RFC 8489): messages, what is in them, and who asks again. What it is asked for is up to others."""
