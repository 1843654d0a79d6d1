"""What befalls packets on access links: shaping, loss, traces, carriers, leases."""
