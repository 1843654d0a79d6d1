"""Commands about this machine: what it has, lacks, and keeps for us."""
