"""The page of a capture that is of no run."""
