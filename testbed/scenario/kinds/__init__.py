"""The kinds of file that a user writes, one module each."""
