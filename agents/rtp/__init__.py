"""RTP without I/O: packets, sequence numbers, duplicates, reception statistics, playout, RTCP.

    packet        RTP header: parse, build                                RFC 3550, 5.1
    sequence      numbers without their wrap                              RFC 3550, A.1
    duplicates    first copies and others, over any number of paths       RFC 7198, RFC 3550, 8.2
    statistics    loss and jitter of one path                             RFC 3550, 6.4.1, A.3, A.8
    source, au    who talks: G.711 from a file                            RFC 3551, 4.5.14
    coding        codecs: G.711, GSM, G.722, Opus; speech in files     RFC 3551, 4.5; RFC 7587
    silence       when a stream that should go on has fallen silent
    leg_notice    what is wanted on a leg that stands by                  RFC 3550, 6.7
    playout       what the listener hears, and when; delay, playout_events, playing
    receiver      all of that for one call
    rtcp, rtcp_xr, rtcp_session    reports                                RFC 3550, 6; RFC 3611, 4.7

Datagrams and times go in; packets, timers and events come out. Times are seconds of one clock of the caller's.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from agents.rtp.au import read_mu_law
    from agents.rtp.coding.codec import (
        Codec,
        CodecError,
        MissingLibraryError,
        Transcoder,
        UnknownFormatError,
        has_codec,
        make_codec,
    )
    from agents.rtp.delay import SPARSE_S, PathDelay, learn_delay
    from agents.rtp.duplicates import Arrival, DuplicateFilter
    from agents.rtp.leg_notice import LegNotice
    from agents.rtp.packet import RtpPacket, RtpParseError, with_ssrc
    from agents.rtp.playing.playout_settings import PlayoutSettings
    from agents.rtp.playout import PlayoutBuffer
    from agents.rtp.playout_events import PlayoutEvent
    from agents.rtp.receiver import StreamReceiver
    from agents.rtp.rtcp import RtcpPacket, is_rtcp, parse_compound
    from agents.rtp.rtcp_session import IP_UDP, SESSION_BANDWIDTH, Reception, RtcpSession
    from agents.rtp.rtcp_xr import RtcpParseError
    from agents.rtp.silence import SilenceWatch
    from agents.rtp.source import PACKET_INTERVAL, MediaSource
    from agents.rtp.statistics import ReceptionStatistics

__all__ = [
    "IP_UDP",
    "PACKET_INTERVAL",
    "SESSION_BANDWIDTH",
    "SPARSE_S",
    "Arrival",
    "Codec",
    "CodecError",
    "DuplicateFilter",
    "LegNotice",
    "MediaSource",
    "MissingLibraryError",
    "PathDelay",
    "PlayoutBuffer",
    "PlayoutEvent",
    "PlayoutSettings",
    "Reception",
    "ReceptionStatistics",
    "RtcpPacket",
    "RtcpParseError",
    "RtcpSession",
    "RtpPacket",
    "RtpParseError",
    "SilenceWatch",
    "StreamReceiver",
    "Transcoder",
    "UnknownFormatError",
    "has_codec",
    "is_rtcp",
    "learn_delay",
    "make_codec",
    "parse_compound",
    "read_mu_law",
    "with_ssrc",
]

_HOMES = {
    "au": "read_mu_law",
    "coding.codec": "Codec CodecError MissingLibraryError Transcoder UnknownFormatError has_codec make_codec",
    "delay": "PathDelay SPARSE_S learn_delay",
    "duplicates": "Arrival DuplicateFilter",
    "leg_notice": "LegNotice",
    "packet": "RtpPacket RtpParseError with_ssrc",
    "playout": "PlayoutBuffer",
    "playout_events": "PlayoutEvent",
    "playing.playout_settings": "PlayoutSettings",
    "receiver": "StreamReceiver",
    "rtcp": "RtcpPacket is_rtcp parse_compound",
    "rtcp_session": "IP_UDP Reception RtcpSession SESSION_BANDWIDTH",
    "rtcp_xr": "RtcpParseError",
    "silence": "SilenceWatch",
    "source": "MediaSource PACKET_INTERVAL",
    "statistics": "ReceptionStatistics",
}

__getattr__ = exporting(__name__, _HOMES)
