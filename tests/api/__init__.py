"""Tests of what `import testbed` gives."""
