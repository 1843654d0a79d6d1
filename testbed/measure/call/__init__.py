"""The call of a run: its two directions, its handovers, its signalling."""
