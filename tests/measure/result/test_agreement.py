"""The comparison with tshark that `make numbers` makes, on runs made by hand; and one capture with everything in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame

from . import agreement, tshark
from .test_oracle import spoiled_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.measure.synthetic import Run

CN, MN = ("10.20.0.2", 40000), ("10.1.0.2", 40002)
FIRST, SECOND = 0x0A0A0A0A, 0x0B0B0B0B


@pytest.mark.parametrize("name", ["plain", "reinvite", "handover-cn", "spoiled", "there-and-back"])
def test_runs_made_by_hand_agree(tmp_path: Path, name: str) -> None:
    runs: dict[str, Callable[[], Run]] = {
        "plain": synthetic.plain_run,
        "reinvite": synthetic.reinvite_run,
        "handover-cn": synthetic.handover_cn_run,
        "spoiled": lambda: spoiled_run(6, 0.1, 30),
        "there-and-back": synthetic.there_and_back_run,
    }
    found = agreement.compare_run(runs[name]().write(tmp_path / "run"), name)
    assert [str(pair) for pair in found.pairs if not pair.agrees] == []
    assert len(found.pairs) > 12


def test_a_number_out_of_its_bound_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    assert agreement.main([folder]) == 0
    assert "OUT OF BOUND" not in capsys.readouterr().out
    real = tshark.rtp_streams
    monkeypatch.setattr(
        tshark, "rtp_streams", lambda path: [replace(one, max_delta=one.max_delta + 0.01) for one in real(path)]
    )
    assert agreement.main([folder]) == 1
    assert "max delta: 20.0 here, 20.01 in tshark, bound 0.002" in " ".join(capsys.readouterr().out.split())


def everything() -> list[Frame]:
    """300 packets of one source over the wrap-around, then 100 of another; one each 20 ms.

    100 to 104 are lost, 150 to 152 come twice, 1 ms after themselves; 200 comes 45 ms late, after 202, and 210 after
    211.
    """
    late_ms = {200: 45, 210: 25}
    made = []
    for number in range(400):
        if 100 <= number < 105:
            continue
        first = number < 300
        packet = (
            frames.rtp(65_500 + number, 160 * number, ssrc=FIRST)
            if first
            else frames.rtp(7 + number - 300, 160 * (number - 300), ssrc=SECOND)
        )
        at = START_NS + (20 * number + late_ms.get(number, 0)) * MS
        made.append(Frame(at, frames.udp(CN, MN, packet)))
        if 150 <= number < 153:
            made.append(Frame(at + MS, frames.udp(CN, MN, packet)))
    return sorted(made, key=lambda frame: frame.time_ns)


def jitter_ms(arrivals: list[tuple[float, float]]) -> list[float]:
    """RFC 3550, A.8, as it is written there; (arrival, timestamp) in ms."""
    found, jitter = [], 0.0
    for (before, stamp), (after, other) in pairwise(arrivals):
        jitter += (abs((after - before) - (other - stamp)) - jitter) / 16
        found.append(jitter)
    return found


def test_a_capture_with_everything_in_it_is_measured_exactly(tmp_path: Path) -> None:
    """Known gap, loss, duplicates, reordering, SSRC change, and sequence numbers that wrap around at packet 36."""
    path = frames.write_pcap(tmp_path / "a.pcap", everything())
    first, second = measure_capture(path)["streams"]
    wanted = {
        "ssrc": "0x0a0a0a0a", "packets": 298, "unique": 295, "lost": 5, "duplicates": 3, "reordered": 2,
        "gap_ms": 100.0, "longest_silence_ms": 120.0, "packet_interval_ms": 20.0, "first_s": 0.0, "last_s": 5.98,
    }  # fmt: skip
    assert {name: first[name] for name in wanted} == wanted
    arrivals = [
        ((frame.time_ns - START_NS) / MS, (int.from_bytes(frame.data[44:46]) - 65_500) % 65_536 * 20.0)
        for frame in everything()
        if frame.data[50:54] == FIRST.to_bytes(4)
    ]
    jitter = jitter_ms(arrivals)
    assert first["jitter_ms"] == pytest.approx(sum(jitter) / len(jitter), abs=0.0006)
    assert first["jitter_max_ms"] == pytest.approx(max(jitter), abs=0.0006)
    wanted = {
        "ssrc": "0x0b0b0b0b", "packets": 100, "unique": 100, "lost": 0, "duplicates": 0, "reordered": 0,
        "gap_ms": 0.0, "longest_silence_ms": 20.0, "jitter_ms": 0.0, "first_s": 6.0, "last_s": 7.98,
    }  # fmt: skip
    assert {name: second[name] for name in wanted} == wanted


def test_tshark_agrees_on_it_but_for_the_duplicates(tmp_path: Path) -> None:
    path = frames.write_pcap(tmp_path / "a.pcap", everything())
    ours = measure_capture(path)["streams"]
    theirs = sorted(tshark.rtp_streams(path), key=lambda one: one.ssrc)
    assert [one.ssrc for one in theirs] == [one["ssrc"] for one in ours]
    for one, other in zip(ours, theirs, strict=True):
        assert other.packets == one["packets"]
        assert other.lost == one["lost"] - one["duplicates"]
        assert other.mean_jitter == pytest.approx(one["jitter_ms"], abs=agreement.PRINTED_MS)
        assert other.max_jitter == pytest.approx(one["jitter_max_ms"], abs=agreement.PRINTED_MS)
        assert other.max_delta == pytest.approx(one["longest_silence_ms"], abs=agreement.PRINTED_MS)


def test_tshark_leaves_marked_packets_out_of_mean_and_maximum(tmp_path: Path) -> None:
    """As in video, whose last packet of a picture has the marker bit: its jitter counts here, there only its number."""
    # The bit stands before the payload type, in the same byte.
    delays_ms = [0, 7, 1, 12, 3, 0, 9, 2, 16, 0, 5, 4] * 5
    packets = [
        Frame(START_NS + (20 * n + delay) * MS, frames.udp(CN, MN, frames.rtp(n, payload_type=0x80 * (n % 4 == 3))))
        for n, delay in enumerate(delays_ms)
    ]
    path = frames.write_pcap(tmp_path / "a.pcap", packets)
    (ours,), (theirs,) = measure_capture(path)["streams"], tshark.rtp_streams(path)
    jitter = jitter_ms([(20.0 * n + delay, 20.0 * n) for n, delay in enumerate(delays_ms)])
    assert ours["jitter_ms"] == pytest.approx(sum(jitter) / len(jitter), abs=0.0006)
    assert ours["jitter_max_ms"] == pytest.approx(max(jitter), abs=0.0006)
    mean, unmarked = 0.0, [one for n, one in enumerate(jitter, 1) if n % 4 != 3]
    for n, one in enumerate(jitter, 1):
        if n % 4 != 3:
            mean += (one - mean) / n
    assert theirs.mean_jitter == pytest.approx(mean, abs=agreement.PRINTED_MS)
    assert theirs.max_jitter == pytest.approx(max(unmarked), abs=agreement.PRINTED_MS)
    assert abs(theirs.mean_jitter - ours["jitter_ms"]) > 0.1
