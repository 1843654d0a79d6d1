"""Tests of testbed.report."""
