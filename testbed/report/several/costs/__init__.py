"""What calls cost, beside each other."""
