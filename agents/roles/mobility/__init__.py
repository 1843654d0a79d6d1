"""Mobility below the phone: a node's system keeps its address wherever it is, and what the phone says follows it."""
