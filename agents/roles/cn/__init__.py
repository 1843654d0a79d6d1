"""The correspondent node: answers the call and assists handovers."""
