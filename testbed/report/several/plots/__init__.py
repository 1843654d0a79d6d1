"""Pictures of several runs: dots, distributions, what is swept."""
