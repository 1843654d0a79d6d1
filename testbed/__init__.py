"""What runs outside the nodes: builds the world, runs it, measures it, reports it."""
