"""The mobile node."""
