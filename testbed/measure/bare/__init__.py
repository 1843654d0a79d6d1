"""A capture that is of no run: what is shown of it beside its result."""
