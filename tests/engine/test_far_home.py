"""A home network that is far: what a call's packets take longer by, over each link, with and without going there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import needs_uml, run_scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml

HOME_MS, CN_MS = 50, 20


def least_delays_ms(folder: Path, scheme: str, delay: str = "") -> dict[tuple[str, str], float]:
    """Of each direction and path."""
    folder.mkdir()
    scenario = folder / "far.yaml"
    text = SCENARIO.find("wifi-to-umts").read_text()
    scenario.write_text(text.replace("\nseed: 1\n", f"\nseed: 1\n{delay}"))
    media = run_scenario(scenario, folder / "run", "--scheme", scheme, "--engine", "uml")["media"]
    return {(way, path): said["delay_ms"]["min"] for way, one in media.items() for path, said in one["paths"].items()}


@pytest.mark.parametrize(("scheme", "times_home"), [("reinvite-soft", 0), ("handover-b2bua", 2), ("mipv4", 2)])
def test_a_packet_takes_each_wire_s_delay_as_often_as_it_passes_it(
    tmp_path: Path, scheme: str, times_home: int
) -> None:
    """Straight there; by way of a relay in the home network; in a tunnel from there."""
    near = least_delays_ms(tmp_path / "near", scheme)
    far = least_delays_ms(tmp_path / "far", scheme, f"delay: {{home: {HOME_MS} ms, cn: {CN_MS} ms}}\n")
    assert far.keys() == near.keys()
    for place, delay_ms in far.items():
        wires_ms = CN_MS + times_home * HOME_MS
        # Jitter on UMTS is 20 ms, and which packet it hits is a matter of when it comes.
        assert delay_ms - near[place] == pytest.approx(wires_ms, abs=0.5 if place[1] == "wifi" else 12), place
