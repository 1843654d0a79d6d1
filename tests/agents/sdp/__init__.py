"""Tests of agents.sdp."""
