"""Capture files to arrays of frames."""
