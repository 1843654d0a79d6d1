"""Whatever bytes a file holds: a result, perhaps with warnings, or a CaptureError. Nothing else, and soon."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.report.streams_table import render

from .damage import SAMPLES, measure

HEADS = [content[:size] for content in SAMPLES.values() for size in (4, 24, 60)]


def check(content: bytes) -> None:
    """In less than five seconds of processor time: a hostile file must not keep one busy."""
    began = time.process_time()
    result = measure(content)
    if result is not None:
        render(result)
    assert time.process_time() - began < 5


@given(st.sampled_from([b"", *HEADS]), st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_random_bytes_raise_only_capture_errors(head: bytes, rest: bytes) -> None:
    check(head + rest)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(max_examples=200, deadline=None)
def test_truncation_anywhere_gives_what_is_whole(kind: str, data: st.DataObject) -> None:
    content = SAMPLES[kind]
    check(content[: data.draw(st.integers(0, len(content)))])


@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=20))
@settings(max_examples=300, deadline=None)
def test_changed_bytes_give_a_result_or_a_capture_error(kind: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(SAMPLES[kind])
    for at, value in changes:
        content[at % len(content)] = value
    check(bytes(content))
