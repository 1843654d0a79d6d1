"""Whatever bytes a file holds: a result, perhaps with warnings, or a CaptureError. Nothing else, and soon."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.measure import CaptureError, measure_capture
from testbed.measure.table import render

from . import frames
from .frames import MS, START_NS, Frame
from .sip_text import request

CN, MN = ("10.20.0.2", 40000), ("10.1.0.2", 40002)


def sample(kind: str) -> bytes:
    """Return a small good capture with RTP over IPv4 and IPv6, SIP and noise."""
    made = []
    for number in range(12):
        at = START_NS + number * 20 * MS
        made.append(Frame(at, frames.udp(CN, MN, frames.rtp(number, size=8))))
        made.append(Frame(at + 1, frames.udp(("::1", 1), ("::2", 2), frames.rtp(number, size=8)), interface=1))
    made.append(Frame(START_NS, frames.udp(CN, MN, request("INVITE", "a", 1, branch="b"))))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        if kind == "pcap":
            frames.write_pcap(path, made)
        else:
            frames.write_pcapng(path, ["a", "b"], made, order="<" if kind == "pcapng" else ">")
        return path.read_bytes()


SAMPLES = {kind: sample(kind) for kind in ("pcap", "pcapng", "pcapng-big-endian")}
HEADS = [content[:size] for content in SAMPLES.values() for size in (4, 24, 60)]


def check(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(content)
        result, problem = None, str(path)
        try:
            result = measure_capture(path)
        except CaptureError as error:
            problem = str(error)
        assert problem.startswith(str(path))
        assert "\n" not in problem
        if result is not None:
            json.dumps(result, allow_nan=False)
            render(result)


@given(st.sampled_from([b"", *HEADS]), st.binary(max_size=300))
@settings(max_examples=300, deadline=5000)
def test_random_bytes_raise_only_capture_errors(head: bytes, rest: bytes) -> None:
    check(head + rest)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(max_examples=200, deadline=5000)
def test_truncation_anywhere_gives_what_is_whole(kind: str, data: st.DataObject) -> None:
    content = SAMPLES[kind]
    check(content[: data.draw(st.integers(0, len(content)))])


@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=20))
@settings(max_examples=300, deadline=5000)
def test_changed_bytes_give_a_result_or_a_capture_error(kind: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(SAMPLES[kind])
    for at, value in changes:
        content[at % len(content)] = value
    check(bytes(content))
