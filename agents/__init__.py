"""What runs inside a node's namespace: SIP, SDP, RTP and the roles MN, CN, B2BUA, registrar. Knows nothing of testbed."""
