"""The same captures through Wireshark's analysis: equal, or different for a reason that is written down."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

from . import tshark

if TYPE_CHECKING:
    from pathlib import Path

CN, MN = ("10.20.0.2", 40000), ("10.1.0.2", 40002)


def noisy_call(seed: int, *, loss: float, jitter_ms: float) -> list[Frame]:
    """Return two directions of 30 s with random loss and jitter, over the sequence wrap."""
    source, made = random.Random(seed), []
    for number in range(1500):
        for one, other, ssrc in ((CN, MN, 0x11111111), (MN, CN, 0x22222222)):
            if source.random() < loss:
                continue
            at = START_NS + number * 20 * MS + round(source.uniform(0, jitter_ms) * MS)
            data = frames.udp(one, other, frames.rtp(64500 + number, number * 160, ssrc=ssrc))
            made.append(Frame(at, data))
    return sorted(made, key=lambda frame: frame.time_ns)


@pytest.mark.parametrize(("loss", "jitter_ms"), [(0, 0), (0.05, 0), (0, 15), (0.1, 18)])
def test_packets_loss_delta_and_jitter_agree_with_tshark(tmp_path: Path, loss: float, jitter_ms: float) -> None:
    path = frames.write_pcap(tmp_path / "a.pcap", noisy_call(3, loss=loss, jitter_ms=jitter_ms))
    theirs = {(one.src, one.dst, one.ssrc): one for one in tshark.rtp_streams(path)}
    ours = measure_capture(path)["streams"]
    assert len(ours) == len(theirs) == 2
    for one in ours:
        other = theirs[one["src"], one["dst"], one["ssrc"]]
        assert (one["packets"], one["lost"]) == (other.packets, other.lost)
        assert one["longest_silence_ms"] == pytest.approx(other.max_delta, abs=0.002)
        assert one["jitter_ms"] == pytest.approx(other.mean_jitter, abs=0.002)
        assert one["jitter_max_ms"] == pytest.approx(other.max_jitter, abs=0.002)


def test_what_wireshark_writes_is_read_alike(tmp_path: Path) -> None:
    made = noisy_call(4, loss=0.02, jitter_ms=10)
    path = frames.write_pcap(tmp_path / "a.pcap", made)
    ours = measure_capture(path)["streams"]
    for kind in ("pcapng", "nsecpcap"):
        other = tmp_path / kind
        tshark.run("editcap", "-F", kind, str(path), str(other))
        assert measure_capture(other)["streams"] == ours, kind
    halves = [frames.write_pcap(tmp_path / f"{number}.pcap", made[number::2]) for number in (0, 1)]
    tshark.run("mergecap", "-I", "none", "-w", str(tmp_path / "merged"), *map(str, halves))
    merged = measure_capture(tmp_path / "merged")["streams"]
    assert {one.pop("measured_at") for one in merged} == {"2 interfaces together: none saw what another did"}
    assert merged == [{name: value for name, value in one.items() if name != "measured_at"} for one in ours]


def test_tshark_sets_duplicates_against_losses_and_we_do_not(tmp_path: Path) -> None:
    made = []
    for number in range(200):
        if number not in (50, 51, 52):
            made.append(Frame(START_NS + number * 20 * MS, frames.udp(CN, MN, frames.rtp(number))))
        if number in (100, 101):
            made.append(Frame(START_NS + number * 20 * MS + MS, frames.udp(CN, MN, frames.rtp(number))))
    path = frames.write_pcap(tmp_path / "a.pcap", made)
    (other,), (one,) = tshark.rtp_streams(path), measure_capture(path)["streams"]
    assert (one["packets"], one["lost"], one["duplicates"]) == (199, 3, 2)
    assert (other.packets, other.lost) == (199, 1)
