"""What triggers hear of: news of the links in the manner of IEEE 802.21 (its table 5), and of what is around.

They are data. Kernel and radios make the first three; what runs over the link, a router, a GPS receiver and the battery
the others. Links are called by their names.
"""

from __future__ import annotations

from typing import NamedTuple


class LinkUp(NamedTuple):
    """The link has a carrier (802.21: Link_Up)."""

    link: str


class LinkDown(NamedTuple):
    """The link has lost its carrier (802.21: Link_Down)."""

    link: str


class AgentLost(NamedTuple):
    """No mobility agent on the link has been heard of for as long as the last one said that it would be there.

    RFC 5944 2.4.2.1.
    """

    link: str


class AgentHeard(NamedTuple):
    """There is a mobility agent on the link."""

    link: str


class LinkParametersReport(NamedTuple):
    """The radio tells of its signal, in dBm (802.21: Link_Parameters_Report)."""

    link: str
    signal_dbm: float


class StreamReport(NamedTuple):
    """The stream that is received over the link: counts since it began there.

    `delay_s` is how much later its slowest recent packets come than the fastest one of the stream over any link did;
    None while there are none. Each packet holds `interval_s` of speech.
    """

    link: str
    expected: int
    received: int
    jitter_s: float
    delay_s: float | None
    interval_s: float = 0.020


class ReceptionReport(NamedTuple):
    """The other side tells, in RTCP, which share of what we sent over the link it has lost since its last report."""

    link: str
    lost: float


class SourceQuench(NamedTuple):
    """A router on the link asks to send less (ICMP type 4; RFC 792, deprecated by RFC 6633)."""

    link: str


class PositionReport(NamedTuple):
    """Where we are: WGS 84, in degrees."""

    latitude: float
    longitude: float


class BatteryReport(NamedTuple):
    """How much the battery holds: 0 to 1."""

    level: float


class LinkSilent(NamedTuple):
    """Nothing has come over the link for so long, though the peer speaks there.

    From `unusual_s` on it is more than the path's own losses and delays have made of late.
    """

    link: str
    for_s: float
    unusual_s: float


class LinkHeard(NamedTuple):
    """Something has come over the link: told each 100 ms at the most, and be it a probe."""

    link: str


class LinkUnheard(NamedTuple):
    """Nothing is expected over the link any more: it was left, or is on hold."""

    link: str


class UplinkSilent(NamedTuple):
    """The peer says that it hears nothing of us over the link."""

    link: str


class UplinkHeard(NamedTuple):
    """The peer has reported, in RTCP, that what we send over the link reaches it again."""

    link: str


class CallMoved(NamedTuple):
    """The call is on this link now."""

    link: str


LinkEvent = (
    LinkUp | LinkDown | AgentLost | AgentHeard | LinkParametersReport | StreamReport | ReceptionReport | SourceQuench
    | PositionReport | BatteryReport | LinkSilent | LinkHeard | LinkUnheard | UplinkSilent | UplinkHeard | CallMoved
)  # fmt: skip
