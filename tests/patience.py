"""How long tests wait for what has to happen: only what hangs is ended by it, never what a busy machine does slowly."""

PATIENCE_S = 900.0
