"""Two runs are the same, or the first packet that differs is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from testbed.measure.capture.errors import CaptureError
from testbed.measure.folder.difference import Difference, first_difference
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

MADE = [Frame(START_NS + number * 20 * MS, bytes([number]) * 60) for number in range(20)]


def run(folder: Path, captures: dict[str, list[Frame]]) -> Path:
    (folder / "captures").mkdir(parents=True)
    for name, made in captures.items():
        frames.write_pcap(folder / "captures" / f"{name}.pcap", made)
    return folder


def changed(number: int, **changes: object) -> list[Frame]:
    return [replace(frame, **changes) if at == number else frame for at, frame in enumerate(MADE)]  # type: ignore[arg-type]


def compare(tmp_path: Path, a: dict[str, list[Frame]], b: dict[str, list[Frame]]) -> Difference | None:
    return first_difference(run(tmp_path / "a", a), run(tmp_path / "b", b))


def test_equal_runs_do_not_differ(tmp_path: Path) -> None:
    assert compare(tmp_path, {"mn-wifi": MADE, "x": []}, {"mn-wifi": MADE, "x": []}) is None


@pytest.mark.parametrize(
    ("other", "packet", "what"),
    [
        (changed(7, time_ns=MADE[7].time_ns + 3), 8, "captured 3 ns later in run B"),
        (changed(7, time_ns=MADE[7].time_ns - 3), 8, "captured 3 ns earlier in run B"),
        (changed(7, data=b"\x07" * 59), 8, "60 of 60 bytes in run A, 59 of 59 in run B"),
        (changed(7, wire=1500), 8, "60 of 60 bytes in run A, 60 of 1500 in run B"),
        (changed(7, data=b"\x07" * 50 + b"\xff" + b"\x07" * 9), 8, "byte 50 is 0x07 in run A, 0xff in run B"),
        (MADE[:7], 8, "only in run A"),
        (MADE[:7] + MADE[8:], 8, "captured 20000000 ns later in run B"),
    ],
)
def test_the_first_packet_that_differs_is_named(tmp_path: Path, other: list[Frame], packet: int, what: str) -> None:
    difference = compare(tmp_path, {"mn-wifi": MADE}, {"mn-wifi": other})
    assert difference == Difference("captures/mn-wifi.pcap", what, packet, MADE[7].time_ns)


def test_a_packet_that_only_the_second_run_has_is_named(tmp_path: Path) -> None:
    difference = compare(tmp_path, {"mn-wifi": MADE[:5]}, {"mn-wifi": MADE})
    assert difference == Difference("captures/mn-wifi.pcap", "only in run B", 6, MADE[5].time_ns)
    assert str(difference) == "captures/mn-wifi.pcap, packet 6 at 1767225600.100000000 s: only in run B"


def test_of_several_files_the_earliest_difference_counts(tmp_path: Path) -> None:
    late, early = changed(9, data=b"?" * 60), changed(3, data=b"?" * 60)
    difference = compare(tmp_path, {"a": MADE, "b": MADE}, {"a": late, "b": early})
    assert difference is not None
    assert (difference.file, difference.packet) == ("captures/b.pcap", 4)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    difference = compare(tmp_path, {"a": MADE, "b": MADE}, {"a": MADE})
    assert difference == Difference("captures/b.pcap", f"only in {tmp_path / 'a'}")


def test_nothing_to_compare_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"holds no \.pcap files"):
        first_difference(tmp_path, tmp_path)


def test_different_resolutions_differ_in_the_header(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", {"x": MADE}), run(tmp_path / "b", {"x": MADE})
    frames.write_pcap(b / "captures" / "x.pcap", MADE, nanoseconds=False)
    assert first_difference(a, b) == Difference("captures/x.pcap", "the file headers differ at byte 0")
