"""Inputs that nobody thought of, found by coverage: `make fuzz`."""
