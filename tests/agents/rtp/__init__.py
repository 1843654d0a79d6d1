"""Tests of agents.rtp."""
