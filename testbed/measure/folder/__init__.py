"""What lies in a run folder beside its captures."""
