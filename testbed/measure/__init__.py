"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files)."""
