"""What a receiver's kernel drops for a wrong checksum is not there for its listener, and is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from testbed.lab.links.frames import VNET_HEADER_BYTES, internet_sum, with_bit_error
from testbed.measure import measure_run
from testbed.measure.capture.pcap import read_capture
from testbed.measure.wire.checksums import sound, without_damaged
from tests.lab.links.framing import udp_frame
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

BITS = (20 + 8 + 6) * 8


def verdict(tmp_path: Path, data: list[bytes], *, cut: int | None = None) -> list[bool]:
    """Which of these frames are taken."""
    captured = [Frame(START_NS + n * MS, one[:cut], wire=len(one)) for n, one in enumerate(data)]
    capture = read_capture(frames.write_pcap(tmp_path / "c.pcap", captured))
    return [bool(one) for one in sound(capture)]


def on_the_wire(frame: bytes) -> bytes:
    """A frame as a capture has it."""
    return frame[VNET_HEADER_BYTES:]


@pytest.mark.parametrize("ip6", [False, True])
@pytest.mark.parametrize("payload", [b"", b"odd", b"\xff" * 161])
def test_right_sums_and_those_that_are_still_to_be_made_are_taken(tmp_path: Path, payload: bytes, ip6: bool) -> None:
    made = [on_the_wire(udp_frame(payload, is_open=is_open, ip6=ip6)) for is_open in (False, True)]
    assert verdict(tmp_path, made) == [True, True]


def test_each_bit_of_a_datagram_counts(tmp_path: Path) -> None:
    frame = udp_frame(b"speech")
    damaged = [on_the_wire(with_bit_error(frame, number)) for number in range(BITS)]
    assert verdict(tmp_path, [on_the_wire(frame), *damaged]) == [True, *[False] * BITS]


def test_each_bit_counts_in_ip6_but_for_what_nobody_looks_at(tmp_path: Path) -> None:
    """No sum has class, flow label and hop limit in it (RFC 8200): those packets are taken."""
    frame = udp_frame(b"speech", ip6=True)
    damaged = [on_the_wire(with_bit_error(frame, number)) for number in range((40 + 8 + 6) * 8)]
    taken = {number // 8 for number, is_taken in enumerate(verdict(tmp_path, damaged)) if is_taken}
    assert {1, 2, 3, 7} <= taken
    assert not taken & {*range(8, 54)}


def test_no_sum_is_none_that_is_wrong(tmp_path: Path) -> None:
    frame = bytearray(on_the_wire(udp_frame(b"speech")))
    frame[14 + 26 : 14 + 28] = b"\0\0"
    assert verdict(tmp_path, [bytes(frame)]) == [True]


def test_what_is_cut_is_not_judged_but_its_header_is(tmp_path: Path) -> None:
    frame = udp_frame(b"speech" * 20)
    of_payload, of_header = (with_bit_error(frame, number) for number in (60 * 8, 8 * 8))
    cut = [on_the_wire(one) for one in (frame, of_payload, of_header)]
    assert verdict(tmp_path, cut, cut=60) == [True, True, False]


def summed(frame: bytes) -> bytes:
    """A frame of IPv4 with its header's checksum."""
    header = frame[14:34]
    return frame[:24] + (internet_sum(header) ^ 0xFFFF).to_bytes(2) + frame[26:]


def damaged_run(folder: Path, *, share: float) -> Path:
    """A call of which ten packets reach the MN with a bit error in what says whose they are."""
    run = synthetic.plain_run()
    for name, made in run.captured.items():
        run.captured[name] = [Frame(one.time_ns, summed(one.data)) for one in made]
    at_mn = run.captured["mn-wifi"]
    towards = [
        number for number, one in enumerate(at_mn) if one.data[30:34] == bytes([10, 1, 0, 2]) and one.data[42] == 0x80
    ]
    for number in towards[100:200:10]:
        data = bytearray(at_mn[number].data)
        data[27] ^= 1  # of the source address
        at_mn[number] = Frame(at_mn[number].time_ns, bytes(data))
    run.write(folder)
    ways = {"down": {"corrupts": [[-0.1, 0.0], [2.0, share]]}, "up": {"corrupts": [[-0.1, 0.0]]}}
    plan = {"network": {"nodes": [], "wires": [], "access_links": []},
            "gates": [{"air": "wifi-air", "config": {"ways": ways}}]}  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder


def test_a_run_s_damaged_packets_are_lost_for_the_listener_and_told(tmp_path: Path) -> None:
    result = measure_run(damaged_run(tmp_path / "run", share=0.01))
    assert result["media"]["to_mn"]["lost"] == 10
    assert result["media"]["to_cn"]["lost"] == 0
    told = [one for one in result["warnings"] if "bit error" in one]
    assert told == ["capture mn-wifi: 10 packets have a bit error and a wrong checksum: dropped by their receiver,"
                    " and counted as lost"]  # fmt: skip


def test_without_bit_errors_in_the_plan_no_sum_is_looked_at(tmp_path: Path) -> None:
    result = measure_run(damaged_run(tmp_path / "run", share=0.0))
    assert not any("bit error" in one for one in result["warnings"])


def test_interfaces_are_told_apart(tmp_path: Path) -> None:
    good, bad = on_the_wire(udp_frame(b"speech")), on_the_wire(with_bit_error(udp_frame(b"speech"), 300))
    path = frames.write_pcap(tmp_path / "c.pcap", [Frame(START_NS, good), Frame(START_NS, bad)])
    kept = without_damaged(read_capture(path))
    assert len(kept) == 1
    assert np.array_equal(kept.offset, read_capture(path).offset[:1])
