"""RTP without I/O: packets, sequence numbers, duplicates, reception statistics, playout, RTCP.

    packet        RTP header: parse, build                                RFC 3550, 5.1
    sequence      numbers without their wrap                              RFC 3550, A.1
    duplicates    first copies and others, over any number of paths       RFC 7198, RFC 3550, 8.2
    statistics    loss and jitter of one path                             RFC 3550, 6.4.1, A.3, A.8
    source, au    who talks: G.711 from a file                            RFC 3551, 4.5.14
    codec         G.711, GSM: to linear and into each other       RFC 3551, 4.5
    playout       what the listener hears, and when; delay, playout_events
    receiver      all of that for one call
    rtcp, rtcp_xr, rtcp_session    reports                                RFC 3550, 6; RFC 3611, 4.7

Datagrams and times go in; packets, timers and events come out. Times are seconds of one clock of the caller's.
"""
