"""What runs inside a node's namespace: SIP, SDP, RTP and the roles. Knows nothing of testbed."""
