"""Tests of the register of numbers."""
