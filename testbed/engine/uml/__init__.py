"""The quick engine: Linux as a program of this machine's (User-Mode Linux), in virtual time."""
