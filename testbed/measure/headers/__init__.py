"""The headers that packets come in, read as arrays: tables of what may come next, and how it is read."""
