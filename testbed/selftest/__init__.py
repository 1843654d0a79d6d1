"""Do links do what their profiles say? Probes over each of them, in the lab, and what captures at both ends tell."""
