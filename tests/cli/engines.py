"""Engines that run nothing: what a run leaves behind is written down beforehand."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from testbed.runner import carry_out_plan
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.anchor_points import role_of_point
from testbed.scenario.plan.compile import compile_plan, roles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.lab.plan import Plan

PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
FRAME = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(46)


def pcap(*payload: bytes) -> bytes:
    """A capture with one Ethernet frame a second; each payload ends one."""
    frames = [FRAME + one for one in payload]
    records = [struct.pack("<IIII", 1_767_225_600 + n, 0, len(one), len(one)) + one for n, one in enumerate(frames)]
    return b"".join([PCAP_HEADER, *records])


class WrittenPlace:
    """A place where every run leaves the same captures."""

    def __init__(self, captures: dict[str, bytes], failure: str | None, late_s: dict[str, float]) -> None:
        self._captures = captures
        self._failure = failure
        self._late_s = late_s

    async def run(self, plan: Plan, folder: Path, report: Callable[[dict[str, Any]], None]) -> None:
        """Writes what a lab would have written."""
        report({"stage": "ready"})
        report({"t_s": float(plan["drain_s"])})
        (folder / "captures").mkdir()
        for name, data in self._captures.items():
            (folder / "captures" / f"{name}.pcap").write_bytes(data)
        (folder / "events.jsonl").write_text("")
        outcome: dict[str, Any] = {"failure": self._failure, "warnings": [], "late_s": self._late_s, "zero_ns": 0}
        (folder / "outcome.json").write_text(json.dumps(outcome))

    def identity(self) -> dict[str, str]:
        """Always the same machine."""
        return {"kernel_release": "6.1"}


class WrittenEngine:
    """An engine of such places."""

    name = "vm"

    def __init__(
        self, captures: dict[str, bytes], *, failure: str | None = None, reproducible: bool = True,
        late_s: dict[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.reproducible = reproducible
        self.place = WrittenPlace(captures, failure, late_s or {})

    async def prepare(self, plan: Plan, say: Callable[[str], None]) -> WrittenPlace:
        """Has nothing to prepare."""
        del plan
        say("nothing to prepare")
        return self.place


async def a_run(folder: Path, engine: WrittenEngine) -> None:
    """Fills the folder of a run of the ideal scenario."""
    experiment = load_experiment("ideal")
    plan = compile_plan(experiment)
    manifest = {
        "schema_version": 1,
        "engine": engine.name,
        "reproducible": engine.reproducible,
        "scheme": experiment.scheme,
        "seed": experiment.seed,
        "engine_identity": engine.place.identity(),
        "versions": {"code_sha256": "of an earlier version"},
        "call": {"packet_interval_ms": 20, "duration_s": 6.0},
        "roles": roles(experiment.network, experiment.row) | role_of_point(experiment),
    }
    await carry_out_plan(plan, manifest, engine.place, folder, lambda _: None)
