"""A lab that somebody works in by hand while a call is up: a prompt, and a stream of what is captured."""
