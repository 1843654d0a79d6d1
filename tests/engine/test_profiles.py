"""Links do what profiles say, shown by probes: a pattern of losses to the packet, and packets that overtake others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from testbed.engine.choose import make_engine, usual_engine
from testbed.measure.capture.pcap import read_capture
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import TOPOLOGY
from testbed.selftest.bounds import Crossing, verdicts
from testbed.selftest.probing import FIRST_PORT, ends, probe_plan, stages

from .command import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.network import Network
    from testbed.selftest.bounds import BoundsRow

LOSS_PROBES = 400


def probed(folder: Path, network: Network, profiles: dict[str, LinkProfile]) -> list[BoundsRow]:
    """What probes over links of these profiles tell."""
    plan = probe_plan(network, profiles, seed=1, loss_probes=LOSS_PROBES)

    async def run() -> None:
        place = await make_engine(usual_engine(print)).prepare(plan, print)
        await place.run(plan, folder, lambda _: None)

    asyncio.run(run())
    return verdicts(folder, network, profiles, LOSS_PROBES)


def test_flows_with_queues_of_their_own_drops_by_probability_and_bit_errors(tmp_path: Path) -> None:
    profiles = {"wifi": load(DATA / "shared.yaml", LinkProfile), "umts": load(DATA / "damaging.yaml", LinkProfile)}
    rows = probed(tmp_path / "run", load_topology(TOPOLOGY.find("multihomed")), profiles)
    assert {"standing wait, ms", "wait of a thin flow, ms", "bit errors, %"} <= {row.quantity for row in rows}
    assert [row for row in rows if not row.is_within] == []


def test_distributions_correlation_duplicates_bytes_and_a_managed_queue(tmp_path: Path) -> None:
    profiles = {
        "wifi": load(DATA / "troubled.yaml", LinkProfile),
        "umts": load(DATA / "managed.yaml", LinkProfile),
    }
    network = load_topology(TOPOLOGY.find("multihomed"))
    rows = probed(tmp_path / "run", network, profiles)
    assert {"correlation of jitter, %", "duplicates, %", "standing wait, ms"} <= {row.quantity for row in rows}
    assert [row for row in rows if not row.is_within] == []


def test_patterns_and_reordering(tmp_path: Path) -> None:
    profiles = {
        "wifi": load(DATA / "losing-by-pattern.yaml", LinkProfile),
        "umts": load(DATA / "reordering.yaml", LinkProfile),
    }
    network = load_topology(TOPOLOGY.find("multihomed"))
    rows = probed(tmp_path / "run", network, profiles)
    assert [row for row in rows if not row.is_within] == []

    def last_stage(link: str, number: int) -> tuple[np.ndarray, np.ndarray]:
        direction = profiles[link].directions["up"]
        left, came = (read_capture(tmp_path / "run" / "captures" / f"{end}.pcap") for end in ends(network, link, "up"))
        crossing = Crossing(left, came, "up", network, link)
        found = crossing.probes(FIRST_PORT + number, stages(direction, LOSS_PROBES))[-1]
        return found.lost, found.arrived

    # Probes before these were counted, too: so where the pattern begins among these is not said, only that it goes on.
    marks = np.array([mark == "x" for mark in profiles["wifi"].directions["up"].loss_pattern or ""])
    lost, _ = last_stage("wifi", 0)
    assert any((lost == np.resize(np.roll(marks, shift), len(lost))).all() for shift in range(len(marks)))
    _, arrived = last_stage("umts", 1)
    assert (np.diff(arrived) < 0).mean() > 0.1
