"""Tests of the users' files: what is refused, and what becomes of the rest."""
