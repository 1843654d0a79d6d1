"""The correspondent node."""
