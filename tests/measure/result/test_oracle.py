"""The same numbers worked out a second time, in the plainest way, packet by packet from the definitions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture, measure_run
from tests.measure import synthetic
from tests.measure.frames import START_NS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

INTERVAL_NS = 20_000_000


@dataclass(frozen=True)
class Oracle:
    gap_ms: float
    lost: int
    lost_in_window: int
    duplicates: int
    reordered: int


def spoiled_run(seed: int, loss: float, jitter_ms: float) -> Run:
    """Return a handover-cn run with random loss, jitter and so reordering on both links."""
    source = random.Random(seed)
    gone = {key: source.random() < loss for key in _copies()}
    late = {key: source.uniform(0, jitter_ms) for key in _copies()}
    return synthetic.handover_cn_run(
        lost=lambda link, to_mn, k: gone[link, to_mn, k], extra_ms=lambda link, to_mn, k: late[link, to_mn, k]
    )


def _copies() -> list[tuple[str, bool, int]]:
    return [(link, to_mn, k) for link in ("wifi", "umts") for to_mn in (True, False) for k in range(synthetic.PACKETS)]


def arrivals(run: Run, interfaces: tuple[str, ...], ssrc: int, first: int) -> list[tuple[int, int]]:
    """Return (time, packet number) of the RTP packets of an SSRC at some interfaces, in order of arrival."""
    found = []
    for name in interfaces:
        for frame in run.captured[name]:
            payload = frame.data[42:]
            if payload[0] == 0x80 and payload[8:12] == ssrc.to_bytes(4, "big"):
                found.append((frame.time_ns, (int.from_bytes(payload[2:4], "big") - first) % 65536))
    return sorted(found)


def work_out(seen: list[tuple[int, int]], open_ns: int, close_ns: int) -> Oracle:
    first_at: dict[int, int] = {}
    order, reordered = [], 0
    for time_ns, k in seen:
        if k in first_at:
            continue
        reordered += any(other > k for other in first_at)
        first_at[k] = time_ns
        order.append(time_ns)
    touching = [after - before for before, after in pairwise(order) if after >= open_ns and before <= close_ns]
    lost = [k for k in range(synthetic.PACKETS) if k not in first_at]
    in_window = 0
    for k in lost:
        times = [first_at[max(other for other in first_at if other < k)]] if k > min(first_at) else [0]
        times.append(first_at[min(other for other in first_at if other > k)] if k < max(first_at) else 2**62)
        in_window += max(times) >= open_ns and min(times) <= close_ns
    gap_ns = max(*touching, INTERVAL_NS) - INTERVAL_NS
    return Oracle(round(gap_ns / 1e6, 3), len(lost), in_window, len(seen) - len(first_at), reordered)


@pytest.mark.parametrize(
    ("seed", "loss", "jitter_ms"), [(1, 0, 0), (2, 0.02, 0), (3, 0, 40), (4, 0.1, 15), (5, 0.4, 70)]
)
def test_every_count_agrees_with_the_definitions(tmp_path: Path, seed: int, loss: float, jitter_ms: float) -> None:
    run = spoiled_run(seed, loss, jitter_ms)
    result = measure_run(run.write(tmp_path / "run"))
    sides = {
        "to_mn": (("mn-wifi", "mn-umts"), synthetic.CN_SSRC, synthetic.CN_SEQUENCE),
        "to_cn": (("cn-eth0",), synthetic.MN_SSRC, synthetic.MN_SEQUENCE),
    }
    for name, (interfaces, ssrc, first) in sides.items():
        oracle = work_out(
            arrivals(run, interfaces, ssrc, first), START_NS + 6000 * 1_000_000, START_NS + 7505 * 1_000_000
        )
        media = result["media"][name]
        assert {key: media[key] for key in vars(oracle)} == vars(oracle)
        assert media["sent"] == 700
        assert media["received"] + media["lost"] == media["sent"]


def test_a_bare_look_at_the_merged_capture_says_the_same(tmp_path: Path) -> None:
    folder = spoiled_run(4, 0.1, 15).write(tmp_path / "run")
    result = measure_run(folder)["media"]
    bare = measure_capture(folder / "run.pcapng")
    calls = {call["ssrc"]: call for call in bare["calls"]}
    for name, ssrc in (("to_mn", synthetic.CN_SSRC), ("to_cn", synthetic.MN_SSRC)):
        call = calls[f"0x{ssrc:08x}"]
        assert call["unique"] == result[name]["received"]
        assert call["duplicates"] == result[name]["duplicates"]
        assert call["gap_ms"] == result[name]["gap_call_ms"]
        assert [path["interface"] for path in call["paths"]] == (
            ["mn-wifi", "mn-umts"] if name == "to_mn" else ["cn-eth0", "cn-eth0"]
        )
        assert [path["packets"] for path in call["paths"]] == [
            result[name]["paths"][link]["packets"] for link in ("wifi", "umts")
        ]
