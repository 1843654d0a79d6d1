"""The transaction layer: four machines, their timers, their identifiers (RFC 3261 17)."""
