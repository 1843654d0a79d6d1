"""The streams of a capture, the calls that they are of, and what their listeners heard, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure import units
from testbed.measure.listening.over_time import over_time
from testbed.measure.listening.stream_quality import quality_of
from testbed.measure.result.dialogs_of_media import DialogsOfMedia, Listener
from testbed.measure.result.stream_results import (
    CountedArrivals,
    Formats,
    arrivals_of,
    describe_key_press,
    describe_quality,
    describe_stream,
)
from testbed.measure.rtcp import rtcp
from testbed.measure.rtp.calls import MergedCall, merge_calls
from testbed.measure.rtp.key_presses import find_key_presses
from testbed.measure.rtp.listeners import HeardCall, ListenedTo, listen
from testbed.measure.rtp.streams import RtpPackets, Stream, find_streams
from testbed.measure.rtp.tones import NO_TONE

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from testbed.measure.capture.capture import Capture
    from testbed.measure.rtp.clock_steps import ClockSteps
    from testbed.measure.rtp.timing import TimedArrivals, TypeInStream
    from testbed.measure.sip.announced import Announcements


_QUALITY = ("loss_percent", "late", "r_factor", "mos", "mos_scale", "mouth_to_ear_ms", "quality_doubt", "burst_loss")
"""What `describe_quality` says."""


class Captured(NamedTuple):
    """What a capture has that media are made of; `start_ns` is its first packet, `capture` needs no packets."""

    capture: Capture
    start_ns: int
    rtp: RtpPackets
    reports: rtcp.ReceivedReports
    originals: dict[int, int]
    steps: ClockSteps
    announced: Announcements


class MeasuredStream(NamedTuple):
    """A stream as the result has it, and what that was made of."""

    result: dict[str, Any]
    arrivals: TimedArrivals
    counted: CountedArrivals
    formats: Formats


class _MeasuredCall(NamedTuple):
    result: dict[str, Any]
    listener: Hashable
    part: HeardCall


class CapturedMedia:
    """Streams and calls, each in the order of their first packets; `reported` are the streams that RTCP speaks of.

    `seen` are the streams as they were found, in the order of `streams`.
    """

    def __init__(self, found: Captured, told: DialogsOfMedia) -> None:
        self._found, self._told = found, told
        seen = find_streams(found.rtp, found.announced, told.ends_between)
        self._measured = {id(one): self._stream(one) for one in seen}
        self.seen = seen
        self.streams = [self._measured[id(one)].result for one in seen]
        self.reported = {
            rtcp.Ends(one.source.ip, one.destination.ip, one.ssrc)
            for one in seen
            if self._measured[id(one)].result["rtcp"] is not None
        }
        merged = merge_calls(found.rtp, seen, found.originals, lambda one: told.roots(self._dialogs(one)))
        self._calls = [self._call(number, one) for number, one in enumerate(merged)]
        self.calls = [one.result for one in self._calls]

    @property
    def clock_warnings(self) -> list[str]:
        """What is to be told of the clock that the capture was made with."""
        packets = self._found.rtp.packet
        rows = [packets[one.rows] for one in self.seen]
        return self._found.steps.warnings((int(one.min()), int(one.max())) for one in rows)

    def measured(self, stream: Stream) -> MeasuredStream:
        """Return what was measured of one of `seen`."""
        return self._measured[id(stream)]

    def _dialogs(self, stream: Stream) -> list[int]:
        found: list[int] = self._measured[id(stream)].result["dialogs"]
        return found

    def _stream(self, stream: Stream) -> MeasuredStream:
        found = self._found
        formats = Formats(found.rtp, stream, found.announced)
        whole = stream.rows, stream.extended, stream.restarts
        arrivals = arrivals_of(found.rtp, whole, formats.kinds, found.steps)
        span = int(arrivals.time_ns[0]), int(arrivals.time_ns[-1])
        dialogs = self._told.of(stream.source, stream.destination, *span)
        holds = self._told.holds(stream.source, stream.destination, dialogs)
        counted = CountedArrivals.of(arrivals, holds)
        told = rtcp.of_stream(found.reports, found.rtp, stream, formats.clock_hz, found.start_ns)
        heard = quality_of(
            arrivals,
            counted.interval_ns,
            codecs=formats.codecs,
            round_trip_ms=None if told is None else told["round_trip_ms"]["mean"],
        )
        jitter = arrivals.jitter_ns() if formats.clock_hz else None
        result = {
            **describe_stream(found.start_ns, stream, formats, arrivals, counted, jitter),
            "dialogs": dialogs,
            "interface": _interface(found.capture, stream),
            "measured_at": _measured_at(stream),
            "rtcp": told,
            **describe_quality(heard, counted.interval_ns),
            **self._key_presses(stream, formats),
            "over_time": over_time(arrivals, heard, counted.gaps, jitter, found.start_ns),
        }
        return MeasuredStream(result, arrivals, counted, formats)

    def _key_presses(self, stream: Stream, formats: Formats) -> dict[str, Any]:
        """Return the key presses of a stream, and how many packets of such could not be read."""
        rtp, events = self._found.rtp, formats.events
        if not events:
            return {"dtmf": [], "dtmf_unread": 0}
        rows = stream.rows[np.isin(rtp.payload_type[stream.rows], events)]
        pressed = find_key_presses(rtp, rows, formats.kinds[events[0]].clock_hz)
        return {
            "dtmf": [describe_key_press(one, self._found.start_ns) for one in pressed],
            "dtmf_unread": int((rtp.tone[rows] == NO_TONE).sum()),
        }

    def _call(self, number: int, call: MergedCall) -> _MeasuredCall:
        streams = [self._measured[id(stream)] for stream in call.streams]
        arrivals, counted = streams[0].arrivals, streams[0].counted
        quality = {name: streams[0].result[name] for name in _QUALITY}
        dialogs = sorted({dialog for stream in call.members for dialog in self._dialogs(stream)})
        last = call.streams[-1]
        holds = self._told.holds(last.source, last.destination, dialogs)
        if len(call.members) > 1:
            whole = call.rows, call.extended, call.restarts
            kinds = _common([one.formats.kinds for one in streams])
            arrivals = arrivals_of(self._found.rtp, whole, kinds, self._found.steps)
            counted = CountedArrivals.of(arrivals, holds)
            trips = [one.result["rtcp"]["round_trip_ms"]["mean"] for one in streams if one.result["rtcp"] is not None]
            heard = quality_of(
                arrivals,
                counted.interval_ns,
                codecs=frozenset[str]().union(*(one.formats.codecs for one in streams)),
                round_trip_ms=min((one for one in trips if one is not None), default=None),
            )
            quality = describe_quality(heard, counted.interval_ns)
        part = HeardCall(
            number=number,
            first_ns=int(arrivals.time_ns[0]),
            last_ns=int(arrivals.time_ns[-1]),
            silence_ns=counted.silence_ns,
            gap_ns=counted.gap_ns,
            interval_ns=counted.interval_ns,
            holds=tuple(holds),
            is_of_dialog=bool(dialogs),
        )
        result = {
            **_describe(call, [one.result for one in streams], counted.described()),
            "dialogs": dialogs,
            **quality,
        }
        return _MeasuredCall(result, self._told.listener(last.source, last.destination, dialogs), part)

    def listeners(self, has_media: Callable[[list[int]], bool] = lambda _: True) -> list[dict[str, Any]]:
        """Return what each listener heard of the calls whose dialogs fit."""
        calls = (one for one in self._calls if has_media(one.result["dialogs"]))
        return [self._heard(one) for one in listen((one.listener, one.part) for one in calls)]

    def _heard(self, one: ListenedTo) -> dict[str, Any]:
        calls = [self.calls[part.number] for part in one.parts]
        who = one.listener if isinstance(one.listener, Listener) else None
        return {
            "dialog": None if who is None else who.dialog,
            "listener": None if who is None else who.side,
            "src": calls[-1]["paths"][-1]["src"],
            "dst": calls[-1]["paths"][-1]["dst"],
            "ssrcs": [call["ssrc"] for call in calls],
            **{name: sum(call[name] for call in calls) for name in ("packets", "unique", "lost", "duplicates")},
            "loss_percent": _percent(sum(call["lost"] for call in calls), sum(call["unique"] for call in calls)),
            "gap_ms": units.ms(one.gap_ns),
            "longest_silence_ms": units.ms(one.silence_ns),
        }


def odd_numbers(streams: Iterable[dict[str, Any]]) -> list[str]:
    """Return which streams count anew, and which have packets that are left out, or key presses that are not read."""
    return [line for one in streams for line in _odd_numbers(one)]


def _odd_numbers(stream: dict[str, Any]) -> Iterator[str]:
    which = f"{stream['src']} > {stream['dst']} {stream['ssrc']}"
    if restarts := stream["restarts"]:
        places = f"{restarts} place{'s' if restarts > 1 else ''}"
        yield f"{which}: sequence numbers begin anew at {places}; what was lost there is not known"
    if lone := stream["strays"]:
        packets = f"{lone} packet{'s' if lone > 1 else ''}"
        yield f"{which}: {packets} with a sequence number far from all others left out (RFC 3550, A.1)"
    if unread := stream["dtmf_unread"]:
        packets = f"{unread} packet{'s' if unread > 1 else ''}"
        yield f"{which}: {packets} of key presses could not be read: encrypted, cut, or of several at once"


def _common(kinds: list[dict[int, TypeInStream]]) -> dict[int, TypeInStream]:
    """Return what the payload types are in all of them; no clock where they do not agree."""
    found: dict[int, TypeInStream] = {}
    for one in kinds:
        for number, kind in one.items():
            known = found.setdefault(number, kind)
            if known.clock_hz is None:
                found[number] = kind
            elif kind.clock_hz not in (None, known.clock_hz):
                found[number] = known._replace(clock_hz=None)
    return found


def _percent(lost: int, unique: int) -> float | None:
    return round(100 * lost / (lost + unique), 3) if lost + unique else None


def _interface(capture: Capture, stream: Stream) -> str | None:
    names = dict.fromkeys(capture.interfaces[number].name for number in stream.interfaces)
    return ", ".join(name for name in names if name) or None


def _measured_at(stream: Stream) -> str:
    if stream.seen_on == 1:
        return "the only interface that saw it"
    if len(stream.interfaces) == stream.seen_on:
        return f"{stream.seen_on} interfaces together: none saw what another did"
    return f"the last of {stream.seen_on} interfaces that saw it: nearest to the receiver"


def _describe(call: MergedCall, measured: list[dict[str, Any]], counted: dict[str, Any]) -> dict[str, Any]:
    """Return a call; `measured` are its streams."""
    names = ("unique", "lost", "duplicates", "gap_ms", "packets", "reordered", "longest_silence_ms")
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
        **{name: counted[name] for name in names},
    }
