"""Sends numbered packets: what a link does to them, captures tell."""
