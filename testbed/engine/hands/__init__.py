"""Runs that somebody works in by hand, in wall-clock time: a terminal in the lab, and a stream of its captures."""
