"""A bare capture made by hand: SIP between two hosts, RTP exactly on time, and faults only where a test puts them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from testbed.measure import measure_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response, sdp, with_body

if TYPE_CHECKING:
    from pathlib import Path

End = tuple[str, int]

A, B = ("192.0.2.10", 40000), ("198.51.100.20", 50000)
SSRC = 0x11223344


class Bare:
    """Packets between hosts, in any order; times are in ms from the beginning."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def send(self, at_ms: float, source: End, destination: End, payload: bytes) -> None:
        """Add one datagram."""
        self.frames.append(Frame(START_NS + round(at_ms * MS), frames.udp(source, destination, payload)))

    def rtp(
        self,
        numbers: range,
        at_ms: float = 0,
        *,
        ends: tuple[End, End] = (A, B),
        stamp: int = 0,
        step_ms: float = 20,
        ticks: int = 160,
        ssrc: int = SSRC,
        kind: int = 0,
    ) -> tuple[float, int]:
        """Add a packet for each number, the first with this timestamp; return time and timestamp of the next."""
        for turn, number in enumerate(numbers):
            packet = frames.rtp(number, stamp + turn * ticks, ssrc=ssrc, payload_type=kind)
            self.send(at_ms + turn * step_ms, *ends, packet)
        return at_ms + len(numbers) * step_ms, stamp + len(numbers) * ticks

    def press(
        self,
        at_ms: float,
        number: int,
        stamp: int,
        event: int,
        durations: tuple[int, ...] = (160, 320, 480, 640),
        *,
        ends: int = 1,
        more: bytes = b"",
    ) -> None:
        """Add the packets of a key press (type 101), 20 ms apart; the last ones, at once, say that it is over."""
        last = len(durations) - 1
        for turn in range(last + max(ends, 1)):
            packet = frames.rtp(number + turn, stamp, ssrc=SSRC, payload_type=101, size=0)
            is_end = ends > 0 and turn >= last
            packet += struct.pack(">BBH", event, 0x80 * is_end | 10, durations[min(turn, last)]) + more
            self.send(at_ms + 20 * min(turn, last), A, B, packet)

    def request(
        self,
        at_ms: float,
        method: str,
        call: str,
        cseq: int,
        *,
        offer: bytes = b"",
        to_tag: str = "b",
        ends: tuple[End, End] = (A, B),
        branch: str = "",
    ) -> None:
        """Add a request of the caller's."""
        message = request(method, call, cseq, branch=branch or _branch(call, method, cseq), from_tag="a", to_tag=to_tag)
        message = with_body(message, offer) if offer else message
        self.send(at_ms, (ends[0][0], 5060), (ends[1][0], 5060), message)

    def answer(
        self,
        at_ms: float,
        status: int,
        method: str,
        call: str,
        cseq: int,
        *,
        body: bytes = b"",
        to_tag: str = "b",
        ends: tuple[End, End] = (A, B),
    ) -> None:
        """Add a response of the callee's."""
        branch = _branch(call, method, cseq)
        message = response(status, method, call, cseq, branch=branch, from_tag="a", to_tag=to_tag)
        message = with_body(message, body) if body else message
        self.send(at_ms, (ends[1][0], 5060), (ends[0][0], 5060), message)

    def call(
        self,
        call: str = "one",
        at_ms: float = 0,
        *,
        bye_ms: float | None = None,
        ends: tuple[End, End] = (A, B),
        formats: str = "0",
        lines: tuple[str, ...] = (),
    ) -> None:
        """Add a call's set-up (60 ms) and BYE."""
        caller, callee = (sdp(*end, *lines, formats=formats) for end in ends)
        self.request(at_ms, "INVITE", call, 1, to_tag="", offer=caller, ends=ends)
        self.answer(at_ms + 10, 180, "INVITE", call, 1, ends=ends)
        self.answer(at_ms + 50, 200, "INVITE", call, 1, body=callee, ends=ends)
        self.request(at_ms + 60, "ACK", call, 1, branch=f"z9hG4bK{call}ack", ends=ends)
        if bye_ms is not None:
            self.request(bye_ms, "BYE", call, 9, ends=ends)
            self.answer(bye_ms + 5, 200, "BYE", call, 9, ends=ends)

    def move(self, at_ms: float, end: End, cseq: int, status: int, call: str = "one", took_ms: float = 50) -> None:
        """Add a re-INVITE of the caller's with this address, its answer, and the ACK."""
        body = sdp(*B) if status == 200 else b""
        self.request(at_ms, "INVITE", call, cseq, offer=sdp(*end))
        self.answer(at_ms + took_ms, status, "INVITE", call, cseq, body=body)
        ack = f"z9hG4bK{call}ack{cseq}" if status == 200 else f"z9hG4bK{call}INVITE{cseq}"
        self.request(at_ms + took_ms + 1, "ACK", call, cseq, branch=ack)

    def measure(self, folder: Path, *, in_order: bool = True) -> dict[str, Any]:
        """Return the result; the file is in order of time unless it is to be as it was made."""
        made = sorted(self.frames, key=lambda one: one.time_ns) if in_order else self.frames
        return measure_capture(frames.write_pcap(folder / "bare.pcap", made))


def _branch(call: str, method: str, cseq: int) -> str:
    return f"z9hG4bK{call}{method}{cseq}"


def of(one: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Return some values of a stream, a call or a listener."""
    return tuple(one[name] for name in names)
