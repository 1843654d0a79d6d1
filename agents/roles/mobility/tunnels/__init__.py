"""Secured tunnels that a mobile node takes along: one end moves, and the other follows what it hears."""
