"""RTP in datagrams: streams, copies, calls, and the numbers of each."""
