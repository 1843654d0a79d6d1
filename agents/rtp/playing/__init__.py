"""How deep a playout is, and how fast that changes."""
