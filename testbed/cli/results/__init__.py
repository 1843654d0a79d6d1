"""Commands that read what runs, or others, have captured."""
