"""The `testbed` command."""
