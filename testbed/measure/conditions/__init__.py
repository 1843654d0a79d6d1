"""Conditions on numbers of a result, for whoever lets a build fail by them."""
