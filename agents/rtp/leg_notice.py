"""What each end of a call with a leg that stands by says to the other one: RTCP APP packets (RFC 3550 6.7), our own.

On each leg, in a compound packet behind a report: whether media are wanted there, whether nothing is heard any more,
and the highest sequence number that has come over any leg; so who sends there knows what the other one lacks. It says
what the sender wants, not what it does: a lost one is made good by the next, and two ends that answer each other's
copies can't keep each other at it.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from agents.rtp.rtcp_xr import RtcpParseError

NAME = b"HDOV"
_BODY = Struct("!I4sHH")
_WANTED, _SILENT, _QUIET = 1, 2, 4
_NOTHING_HEARD = 1


class LegNotice(NamedTuple):
    """Of the leg that brings it."""

    ssrc: int
    """Of the reporter."""
    is_wanted: bool
    """Whether the reporter wants media on this leg; if not, a probe now and then is enough."""
    is_silent: bool
    """Whether the reporter hears nothing any more: what follows the highest number was lost, and is wanted again."""
    highest: int | None
    """The highest sequence number that it has heard, not extended; None before the first packet."""
    is_quiet: bool = False
    """Whether the reporter has nothing to say: a silence of its own is no break. It passes on what another one says."""


def parse_notice(subtype: int, body: bytes, start: int) -> LegNotice | None:
    """Parse one APP packet, header included, that begins at octet `start`.

    None for one of another name; RtcpParseError if it is cut short.
    """
    if body[8:12] != NAME:
        return None
    if len(body) < 16:
        raise RtcpParseError(f"octet {start}: notice of {len(body)} octets, not 16")
    ssrc, _, flags, highest = _BODY.unpack_from(body, 4)
    return LegNotice(
        ssrc,
        bool(subtype & _WANTED),
        bool(subtype & _SILENT),
        None if flags & _NOTHING_HEARD else highest,
        bool(subtype & _QUIET),
    )


def build_notice(notice: LegNotice) -> tuple[int, bytes]:
    """Build the packet without its header: its subtype, and what is behind it."""
    flags = _NOTHING_HEARD if notice.highest is None else 0
    subtype = _WANTED * notice.is_wanted | _SILENT * notice.is_silent | _QUIET * notice.is_quiet
    return subtype, _BODY.pack(notice.ssrc, NAME, flags, notice.highest or 0)
