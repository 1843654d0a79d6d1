"""Tests of the command line that run nothing."""
