"""`testbed measure FILE`: what any capture says about its RTP streams and its SIP, also one that we did not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure import units
from testbed.measure.capture.pcap import read_capture
from testbed.measure.result.dialog_results import DialogsOfMedia, describe
from testbed.measure.rtp import rtcp, stream_numbers
from testbed.measure.rtp.calls import MergedCall, merge_calls
from testbed.measure.rtp.copies import find_copies
from testbed.measure.rtp.sift import RtpSieve
from testbed.measure.rtp.streams import RtpPackets, Stream, clock_of, find_streams
from testbed.measure.sip.announced import Announcements
from testbed.measure.sip.cut_messages import told_of_cut_messages
from testbed.measure.sip.dialogs import find_dialogs
from testbed.measure.sip.scan import find_sip
from testbed.measure.sip.transactions import SeenTransaction, across_interfaces, pair
from testbed.measure.units import seconds
from testbed.measure.wire.packets import decode_udp

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.sip.scan import SipMessage


def measure_capture(path: Path | str) -> dict[str, Any]:
    """Return the streams, calls and SIP transactions of a capture file, ready for JSON (design.md, section 7).

    Times in `_s` count from the capture's first packet. A stream is measured at the capture interface nearest to its
    receiver. `CaptureError` when the file is no capture; a damaged one gives what is whole, and says so in `warnings`.
    """
    found = _find(path)
    capture, rtp, start_ns = found.capture, found.rtp, found.start_ns
    announced, dialogs = Announcements(found.messages), find_dialogs(found.messages)
    told, streams = DialogsOfMedia(dialogs), find_streams(rtp, announced)
    measured = [_stream(found, stream, announced, told) for stream in streams]
    for stream, one in zip(streams, measured, strict=True):
        one["rtcp"] = rtcp.of_stream(found.reports, rtp, stream, one["clock_hz"], start_ns)
    known = {id(stream): one for stream, one in zip(streams, measured, strict=True)}
    originals = found.originals
    by_ssrc: dict[int, set[int]] = {}
    for stream, one in zip(streams, measured, strict=True):
        by_ssrc.setdefault(originals.get(stream.ssrc, stream.ssrc), set()).update(one["dialogs"])
    return {
        "streams": measured,
        "calls": [
            {
                **_call(rtp, call, [known[id(stream)] for stream in call.streams]),
                "dialogs": sorted(by_ssrc[originals.get(call.ssrc, call.ssrc)]),
            }
            for call in merge_calls(rtp, streams, originals)
        ],
        "sip": [_transaction(capture, one, start_ns) for one in across_interfaces(pair(found.messages))],
        "dialogs": describe(dialogs, capture, start_ns),
        "packets": found.packets,
        "skipped": found.skipped,
        "unread": found.unread,
        "encapsulations": found.encapsulations,
        "cut_short": found.cut_short,
        "warnings": [*capture.warnings, *found.cut_messages],
    }


class _Found(NamedTuple):
    """What was found in a capture; the capture itself is without its packets."""

    capture: Capture
    packets: int
    start_ns: int
    rtp: RtpPackets
    skipped: dict[str, int]
    unread: dict[str, int]
    encapsulations: dict[str, int]
    cut_short: int
    cut_messages: list[str]
    messages: list[SipMessage]
    reports: rtcp.ReceivedReports
    originals: dict[int, int]


def _find(path: Path | str) -> _Found:
    """Read a capture. All that takes memory and is not in the result is gone afterwards."""
    capture = read_capture(path, pipes=True)
    sieve = RtpSieve(capture)
    datagrams = decode_udp(capture, sieve.take)
    return _Found(
        capture=capture.without_packets(),
        packets=len(capture),
        start_ns=capture.start_ns,
        rtp=sieve.packets(datagrams),
        skipped=datagrams.skipped,
        unread=datagrams.unread,
        encapsulations=datagrams.encapsulations,
        cut_short=int((capture.captured < capture.original).sum()),
        cut_messages=told_of_cut_messages(capture, datagrams),
        messages=find_sip(capture, datagrams),
        reports=rtcp.ReceivedReports(rtcp.find_rtcp(capture, datagrams)),
        originals=find_copies(capture, sieve.is_media),
    )


def _stream(found: _Found, stream: Stream, announced: Announcements, told: DialogsOfMedia) -> dict[str, Any]:
    rtp, start_ns = found.rtp, found.start_ns
    times, stamps = rtp.time_ns[stream.rows], rtp.timestamp[stream.rows]
    first_ns, last_ns = int(times[0]), int(times[-1])
    meaning = announced.meaning(stream.source, stream.destination, stream.payload_type, last_ns)
    clock_hz = clock_of(rtp, stream) if meaning is None else meaning.clock_hz
    jitter = stream_numbers.jitter(times, stamps, clock_hz) if clock_hz else None
    numbers = _numbers(times, stream.extended, stamps, clock_hz)
    counted = ("packets", "unique", "lost", "duplicates", "reordered", "gap_ms")
    return {
        "src": str(stream.source),
        "dst": str(stream.destination),
        "ssrc": f"0x{stream.ssrc:08x}",
        "payload_type": stream.payload_type,
        **{name: numbers[name] for name in counted},
        "jitter_ms": units.ms(units.mean(jitter)),
        "first_s": seconds(first_ns - start_ns),
        "last_s": seconds(last_ns - start_ns),
        "jitter_max_ms": units.ms(float(jitter.max())) if jitter is not None and len(jitter) else None,
        "longest_silence_ms": numbers["longest_silence_ms"],
        "packet_interval_ms": numbers["packet_interval_ms"],
        "codec": None if meaning is None else meaning.codec,
        "clock_hz": clock_hz,
        "found": stream.found,
        "dialogs": told.of(stream.source, stream.destination, first_ns, last_ns),
        "interface": _interface(found.capture, stream),
        "measured_at": _measured_at(stream),
    }


def _numbers(times: Ints, extended: Ints, stamps: NDArray[np.uint32], clock_hz: int | None) -> dict[str, Any]:
    """Return what is counted of a stream and of a call alike."""
    is_new = stream_numbers.first_arrivals(extended)
    counts = stream_numbers.count(extended, is_new)
    interval = stream_numbers.packet_interval_ns(times, extended, stamps, clock_hz)
    silence = stream_numbers.longest_silence(times, extended, is_new)
    return {
        "packets": counts.packets,
        "unique": counts.unique,
        "lost": counts.lost,
        "duplicates": counts.duplicates,
        "reordered": counts.reordered,
        "gap_ms": units.ms(gap_ns(silence, interval)),
        "longest_silence_ms": units.ms(silence),
        "packet_interval_ms": units.ms(interval),
    }


def _interface(capture: Capture, stream: Stream) -> str | None:
    names = dict.fromkeys(capture.interfaces[number].name for number in stream.interfaces)
    return ", ".join(name for name in names if name) or None


def _measured_at(stream: Stream) -> str:
    if stream.seen_on == 1:
        return "the only interface that saw it"
    if len(stream.interfaces) == stream.seen_on:
        return f"{stream.seen_on} interfaces together: none saw what another did"
    return f"the last of {stream.seen_on} interfaces that saw it: nearest to the receiver"


def _call(rtp: RtpPackets, call: MergedCall, measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the numbers of a call from `measured`, its streams; merged anew only where there are several."""
    numbers = measured[0]
    if len(measured) > 1:
        clocks = {one["clock_hz"] for one in measured} - {None}
        clock_hz = clocks.pop() if len(clocks) == 1 else None
        numbers = _numbers(rtp.time_ns[call.rows], call.extended, rtp.timestamp[call.rows], clock_hz)
    counted = ("unique", "lost", "duplicates", "gap_ms", "packets", "reordered", "longest_silence_ms")
    return {
        "ssrc": f"0x{call.ssrc:08x}",
        "paths": [
            {
                **{name: one[name] for name in ("src", "dst", "interface", "packets")},
                "first_copies": first_copies,
                "dialogs": one["dialogs"],
            }
            for one, first_copies in zip(measured, call.first_copies(), strict=True)
        ],
        **{name: numbers[name] for name in counted},
    }


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


def gap_ns(silence_ns: int | None, interval_ns: int | None) -> int | None:
    """Return a silence less the packet interval, never below 0; None when either was not measured."""
    if silence_ns is None or interval_ns is None:
        return None
    return max(silence_ns - interval_ns, 0)
