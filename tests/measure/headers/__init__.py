"""What packets come in."""
