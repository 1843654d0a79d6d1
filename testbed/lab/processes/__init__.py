"""What runs in the nodes: our agents, programs of others, attackers."""
