"""Tests of the probes that compare links with their profiles."""
