"""Tests of agents.rtp.playing."""
