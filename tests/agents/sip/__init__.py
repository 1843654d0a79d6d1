"""Tests of agents.sip."""
