"""Frames to UDP datagrams and TCP segments."""
