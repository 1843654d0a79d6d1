"""What gives addresses to mobile nodes: a DHCP server, a router that advertises itself."""
