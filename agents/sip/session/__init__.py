"""Dialogs and calls: what lives longer than a transaction (RFC 3261 12 to 15; RFC 3264; RFC 4028)."""
