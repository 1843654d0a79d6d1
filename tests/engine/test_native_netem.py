"""The native engine with netem and fq, in a guest whose time is the host's: two schemes, one after the other.

`make native` does it with all of them.

A run says by how much those were late that act in it, and its numbers are held to what they should be and that: so a
machine that is busy fails no test, and one that measures something else does.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.experiment.experiment import load_experiment

from .command import DATA
from .rtp_packets import Packet, rtp_packets
from .test_links import BITS_PER_MS, DELAY_MS, IP_BITS, JITTER_MS
from .test_links import TOLERANCE_MS as TOLERANCE_OF_NETEM_MS
from .wall_clock.guest import LEFT, carry_out_natively

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.runner import FinishedRun

SCENARIO = DATA / "native.yaml"
MAKE_BEFORE_BREAK = ("handover-b2bua",)
SCHEMES = ("reinvite", *MAKE_BEFORE_BREAK)
# What emulated processors add, beside what the run itself calls late.
TOLERANCE_MS = 10.0
# From the trigger to the new path media wait for the lab, the MN, its peer, and the MN again.
LATE_TIMES = 3
PACKET_MS = 20.0
# The call leaves WiFi two seconds before that is gone. On a machine that is later than this all of its programs are,
# each by another time: such a run proves nothing about how long a handover takes.
IN_TIME_MS = 100.0
NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class Native:
    """All of these runs, and what was left in the guest after them."""

    runs: dict[str, FinishedRun]
    left: dict[str, Any]

    def result(self, scheme: str) -> dict[str, Any]:
        """The content of a result.json."""
        found = self.runs[scheme].result
        assert found is not None
        return found

    def late_ms(self, scheme: str) -> float:
        """How late everybody was at most, together: the run says so itself."""
        manifest = json.loads((self.runs[scheme].folder / "manifest.json").read_text())
        return float(sum(manifest["late_ms"].values()))


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    """Made once, in one guest."""
    folder = tmp_path_factory.mktemp("native")
    experiments = {scheme: load_experiment(str(SCENARIO), scheme=scheme) for scheme in SCHEMES}
    runs = asyncio.run(carry_out_natively(experiments, folder))
    return Native(runs, json.loads((folder / LEFT).read_text()))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_run_fails(native: Native, scheme: str) -> None:
    """However slow the machine is: the handover is done, or the run says that it was too slow."""
    run, result = native.runs[scheme], native.result(scheme)
    assert run.failure is None
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert {"lab", "mn", "cn", "b2bua", "wifi-air", "umts-air"} >= manifest["late_ms"].keys()
    assert manifest["engine_identity"]["kernel_release"].startswith("6.1")
    assert "not reproducible: made in wall-clock time by the native engine" in result["warnings"]
    is_told = any(one.startswith("this machine was too slow or too busy: ") for one in result["warnings"])
    assert is_told == any(late_ms >= 10.0 for late_ms in manifest["late_ms"].values())
    assert is_told or result["handover"]["outcome"] == "done"


def test_nothing_is_left_where_the_runs_were(native: Native) -> None:
    assert native.left == {"interfaces": ["lo"], "labs": [], "records": []}


@pytest.mark.parametrize("scheme", MAKE_BEFORE_BREAK)
def test_with_both_links_up_hardly_anything_is_missed(native: Native, scheme: str) -> None:
    """From 1.5 ms of WiFi to 110 ms of UMTS, with jitter of 20 ms and SIP in between; and by how much all were late."""
    late_ms = native.late_ms(scheme)
    for media in native.result(scheme)["media"].values():
        assert late_ms > IN_TIME_MS or media["lost"] <= 2 + LATE_TIMES * late_ms / PACKET_MS
        assert late_ms > IN_TIME_MS or media["interruption_ms"] <= 200.0 + LATE_TIMES * late_ms
        assert late_ms > IN_TIME_MS or media["gap_ms"] <= 200.0 + LATE_TIMES * late_ms


def test_a_phone_that_waits_for_the_kernel_is_silent_for_as_long_as_that_and_attaching_take(native: Native) -> None:
    """1717 ms until the loss of WiFi is noticed, 1500 ms for a data channel, and the re-INVITE over 110 ms of UMTS."""
    late_ms = native.late_ms("reinvite")
    for media in native.result("reinvite")["media"].values():
        least_ms = 1717 + 1500
        most_ms = least_ms + 3000 + LATE_TIMES * late_ms
        assert late_ms > IN_TIME_MS or least_ms - late_ms < media["interruption_ms"] < most_ms


@cache
def passed(folder: Path, sender: str, receiver: str, source: str) -> tuple[list[Packet], dict[int, int]]:
    """Speech of a host at one end of a link, and when which of it came to the other."""
    captures = folder / "captures"
    sent, received = (
        [one for one in rtp_packets(captures / f"{name}.pcap") if one.source == source] for name in (sender, receiver)
    )
    return sent, {one.sequence: one.time_ns for one in received}


@pytest.mark.parametrize("scheme", MAKE_BEFORE_BREAK)
def test_umts_takes_as_long_as_its_profile_says(native: Native, scheme: str) -> None:
    """Of 200 packets one at least has waited for nothing, with nearly all of the jitter in its favour."""
    sent, came = passed(native.runs[scheme].folder, "mn-umts", "umts-gw-air", "10.2.0.2")
    delays_ms = [(came[one.sequence] - one.time_ns) / NS_PER_MS for one in sent if one.sequence in came]
    late_ms = native.late_ms(scheme)
    assert late_ms > IN_TIME_MS or len(delays_ms) > 100
    least_ms = DELAY_MS["umts"] - JITTER_MS["umts"] + IP_BITS / BITS_PER_MS["umts", "up"]
    for quickest_ms in sorted(delays_ms)[:1]:
        assert least_ms - TOLERANCE_OF_NETEM_MS < quickest_ms < least_ms + TOLERANCE_MS + late_ms


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_wifi_loses_what_comes_in_its_bad_moments_and_nothing_else(native: Native, scheme: str) -> None:
    """That is the program before fq; when the link is gone, nothing is asked any more."""
    folder = native.runs[scheme].folder
    plan = json.loads((folder / "plan.json").read_text())
    (order,) = [gate for gate in plan["gates"] if gate["config"]["ways"]["up"]["bad_moments"]]
    moments = order["config"]["ways"]["up"]["bad_moments"]
    gone_s = next(step["at_s"] for step in plan["timeline"] if step.get("event") == "link_gone")
    sent, came = passed(folder, "mn-wifi", "wifi-gw-air", "10.1.0.2")
    zero_ns = zero_of(folder)
    lost = {one.sequence: (one.time_ns - zero_ns) / 1e9 for one in sent if one.sequence not in came}
    margin_s = (TOLERANCE_MS + native.late_ms(scheme)) / 1e3
    for at_s in lost.values():
        assert at_s > gone_s - 0.1 or any(begin - margin_s < at_s < end + margin_s for begin, end in moments)
    for one in sent:
        at_s = (one.time_ns - zero_ns) / 1e9
        if any(begin + margin_s < at_s < end - margin_s for begin, end in moments):
            assert one.sequence in lost


def zero_of(folder: Path) -> int:
    """Scenario time zero in ns of the captures' clock."""
    first = json.loads((folder / "events.jsonl").read_text().splitlines()[0])
    return int(first["time_ns"] - first["t_s"] * 1e9)
