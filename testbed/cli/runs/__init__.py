"""Commands that carry out scenarios."""
