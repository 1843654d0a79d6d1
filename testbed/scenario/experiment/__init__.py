"""A scenario with all that it names, checked against each other."""
