"""What `import testbed` gives: everything that the command does, from Python (docs/api.md)."""
