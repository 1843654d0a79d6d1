"""What a call did, and spent, beside carrying speech over one path: legs that stood by, copies, bytes, joules."""
