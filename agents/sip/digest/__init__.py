"""Who somebody is: digest authentication, both sides (RFC 3261 22, RFC 7616, RFC 8760)."""
