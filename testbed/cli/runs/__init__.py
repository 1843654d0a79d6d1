"""Commands that carry out runs."""
