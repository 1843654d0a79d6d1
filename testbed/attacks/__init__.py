"""Attacks on a call: what is tried, and what came of it."""
