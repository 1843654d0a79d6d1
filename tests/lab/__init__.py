"""Tests of the lab's parts that need neither root nor a guest."""
