"""What is tried on a call, a file for each protocol that may move it."""
