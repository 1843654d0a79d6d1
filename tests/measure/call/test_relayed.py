"""Paths that end at a relay: what it leaves out, as it has had a copy, is not what a path has lost; all by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from testbed.measure.result.run import measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

HOME = ("10.10.0.2", 40000)
CN = (synthetic.ADDRESS["cn"], 30000)
MN = {link: (synthetic.ADDRESS[link], 20000 + number) for number, link in enumerate(("wifi", "umts"))}
INTERFACE = {CN: "cn-eth0", HOME: "home-eth0", MN["wifi"]: "mn-wifi", MN["umts"]: "mn-umts"}
PACKETS, LOST_ON_UMTS = 100, (40, 41)


def hop(run: Run, source: tuple[str, int], destination: tuple[str, int], k: int, at_ms: float, way_ms: float) -> None:
    """Carry packet `k` of a direction over one hop that takes `way_ms`; None of it arrives where that is negative."""
    ssrc = synthetic.CN_SSRC if source == CN or destination in MN.values() else synthetic.MN_SSRC
    frame = frames.udp(source, destination, frames.rtp(100 + k, 160 * k, ssrc=ssrc))
    run.captured[INTERFACE[source]].append(Frame(START_NS + round(at_ms * MS), frame))
    if way_ms >= 0:
        run.captured[INTERFACE[destination]].append(Frame(START_NS + round((at_ms + way_ms) * MS), frame))


def bridged_run() -> Run:
    """Media both ways by both paths; UMTS loses two packets each way; the relay hands the first copy on to the CN."""
    run = synthetic.Run("handover-b2bua")
    run.captured["home-eth0"] = []
    for k in range(PACKETS):
        umts_ms = -1 if k in LOST_ON_UMTS else synthetic.WAY_MS["umts"]
        at_ms = 1000 + 20 * k
        hop(run, CN, HOME, k, at_ms, 1)
        hop(run, HOME, MN["wifi"], k, at_ms + 2, synthetic.WAY_MS["wifi"])
        hop(run, HOME, MN["umts"], k, at_ms + 2, umts_ms)
        hop(run, MN["wifi"], HOME, k, at_ms + 3, synthetic.WAY_MS["wifi"])
        hop(run, MN["umts"], HOME, k, at_ms + 3, umts_ms)
        hop(run, HOME, CN, k, at_ms + 6, 1)
    for one in run.captured.values():
        one.sort(key=lambda frame: frame.time_ns)
    return run


def measured(folder: Path) -> dict[str, Any]:
    folder = bridged_run().write(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["roles"]["relay"] = {"interfaces": {"eth0": {"interface": "home-eth0", "address": HOME[0]}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    media: dict[str, Any] = measure_run(folder)["media"]
    return media


def test_paths_lose_what_does_not_come_off_them_and_nothing_else(tmp_path: Path) -> None:
    media = measured(tmp_path / "run")
    for name in ("to_mn", "to_cn"):
        paths = media[name]["paths"]
        assert [(paths[link]["sent"], paths[link]["lost"]) for link in ("wifi", "umts")] == [
            (PACKETS, 0),
            (PACKETS, len(LOST_ON_UMTS)),
        ], name


def test_the_cn_gets_each_packet_once_and_by_the_path_of_the_first_copy(tmp_path: Path) -> None:
    to_cn = measured(tmp_path / "run")["to_cn"]
    assert (to_cn["received"], to_cn["lost"], to_cn["duplicates"]) == (PACKETS, 0, 0)
    assert (to_cn["paths"]["wifi"]["packets"], to_cn["paths"]["umts"]["packets"]) == (PACKETS, 0)
    assert to_cn["paths"]["wifi"]["delay_ms"]["mean"] == 4.0


def test_the_mn_gets_both_copies_of_what_umts_does_not_lose(tmp_path: Path) -> None:
    to_mn = measured(tmp_path / "run")["to_mn"]
    assert (to_mn["received"], to_mn["lost"]) == (PACKETS, 0)
    assert to_mn["duplicates"] == PACKETS - len(LOST_ON_UMTS)
