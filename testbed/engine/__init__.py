"""Where an experiment runs: the microVM in virtual time, or this machine's own kernel."""
