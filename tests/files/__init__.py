"""Tests of what looks at users' files, and begins new ones."""
