"""Phones that others wrote, as correspondents: how each one is configured, started, and told to hang up."""
