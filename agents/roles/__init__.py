"""Who takes part in a call, without I/O: bytes, reports and times in; bytes, commands and one timer out."""
