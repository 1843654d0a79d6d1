"""RTP and RTCP in datagrams: streams, copies, calls, and the numbers of each."""
