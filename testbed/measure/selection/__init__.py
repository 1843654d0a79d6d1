"""Which part of a capture is asked for: some calls, some time."""
