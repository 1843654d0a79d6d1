"""The world of one run: topology to Mininet, links to tc, timeline, capture, agents as processes."""
