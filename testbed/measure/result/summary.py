"""`testbed measure FILE`: what any capture says about its RTP streams and its SIP, also one that we did not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure import units
from testbed.measure.capture.pcap import read_capture
from testbed.measure.result.captured_media import Captured, CapturedMedia
from testbed.measure.result.dialog_results import describe
from testbed.measure.result.dialogs_of_media import DialogsOfMedia
from testbed.measure.rtp import rtcp, rtcp_alone
from testbed.measure.rtp.clock_steps import find_clock_steps
from testbed.measure.rtp.copies import find_copies
from testbed.measure.rtp.sift import RtpSieve
from testbed.measure.rtp.streams import only_announced_types
from testbed.measure.sip.announced import Announcements
from testbed.measure.sip.cut_messages import told_of_cut_messages
from testbed.measure.sip.dialogs import find_dialogs
from testbed.measure.sip.scan import find_sip
from testbed.measure.sip.sightings import seen_once
from testbed.measure.sip.transactions import SeenTransaction, across_interfaces, pair
from testbed.measure.units import seconds
from testbed.measure.wire.packets import decode_udp

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture
    from testbed.measure.sip.scan import SipMessage


def measure_capture(path: Path | str) -> dict[str, Any]:
    """Return the streams, calls and SIP transactions of a capture file, ready for JSON (design.md, section 7).

    Times in `_s` count from the capture's first packet. A stream is measured at the capture interface nearest to its
    receiver. `CaptureError` when the file is no capture; a damaged one gives what is whole, and says so in `warnings`.
    """
    found = _find(path)
    captured = found.captured
    capture, start_ns = captured.capture, captured.start_ns
    dialogs = find_dialogs(found.messages)
    media = CapturedMedia(captured, DialogsOfMedia(dialogs))
    return {
        "streams": media.streams,
        "calls": media.calls,
        "listeners": media.listeners(),
        "rtcp": rtcp_alone.of_others(captured.reports, media.reported, start_ns),
        "sip": [_transaction(capture, one, start_ns) for one in across_interfaces(pair(found.messages))],
        "dialogs": describe(dialogs, capture, start_ns),
        "packets": found.packets,
        "skipped": found.skipped,
        "unread": found.unread,
        "encapsulations": found.encapsulations,
        "cut_short": found.cut_short,
        "warnings": [
            *capture.warnings,
            *found.cut_messages,
            *captured.steps.warnings,
            *_again(found.copies + sum(one["copies"] for one in media.streams)),
            *media.warnings(),
        ],
    }


class _Found(NamedTuple):
    """What was found in a capture; `copies` is how many SIP messages an interface saw again at the same time."""

    captured: Captured
    packets: int
    skipped: dict[str, int]
    unread: dict[str, int]
    encapsulations: dict[str, int]
    cut_short: int
    cut_messages: list[str]
    messages: list[SipMessage]
    copies: int


def _find(path: Path | str) -> _Found:
    """Read a capture. All that takes memory and is not in the result is gone afterwards."""
    capture = read_capture(path, pipes=True)
    sieve = RtpSieve(capture)
    datagrams = decode_udp(capture, sieve.take)
    rtp = sieve.packets(datagrams)
    steps = find_clock_steps(capture, rtp)
    capture, datagrams, rtp = steps.straighten(capture, datagrams, rtp)
    sightings = find_sip(capture, datagrams)
    messages = seen_once(sightings)
    announced = Announcements(messages)
    captured = Captured(
        capture=capture.without_packets(),
        start_ns=capture.start_ns,
        rtp=only_announced_types(rtp, announced),
        reports=rtcp.ReceivedReports(rtcp.find_rtcp(capture, datagrams)),
        originals=find_copies(capture, sieve.is_media),
        steps=steps,
        announced=announced,
    )
    return _Found(
        captured=captured,
        packets=len(capture),
        skipped=datagrams.skipped,
        unread=datagrams.unread,
        encapsulations=datagrams.encapsulations,
        cut_short=int((capture.captured < capture.original).sum()),
        cut_messages=told_of_cut_messages(capture, datagrams),
        messages=messages,
        copies=len(sightings) - len(messages),
    )


def _again(copies: int) -> list[str]:
    if not copies:
        return []
    return [
        f"{copies} packets of RTP and SIP are there again within milliseconds, and count once: a mirror port with both "
        "directions, or a capture at several places in one file"
    ]


def _transaction(capture: Capture, one: SeenTransaction, start_ns: int) -> dict[str, Any]:
    return {
        "method": one.request.method,
        "cseq": one.request.cseq,
        "call_id": one.request.call_id,
        "src": str(one.request.source),
        "dst": str(one.request.destination),
        "interface": capture.interfaces[one.request.interface].name,
        "request_s": seconds(one.request.time_ns - start_ns),
        "final_s": None if one.final is None else seconds(one.final.time_ns - start_ns),
        "ms": units.ms(one.took_ns),
        "status": None if one.final is None else one.final.status,
        "retransmissions": one.repeats,
    }
