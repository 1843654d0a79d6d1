"""Queues that are managed: which packets are sent next, and which are dropped before they would wait too long."""
