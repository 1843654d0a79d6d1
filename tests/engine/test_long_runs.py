"""Captures go to the disk while a run goes on, so that it may last for hours; where the disk fills up, it ends."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING, Any

from testbed.engine.uml.uml_engine import UmlEngine
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from tests.namespaces import unsharing
from tests.patience import PATIENCE_S

from .command import DATA, TESTBED, needs_uml, shortened
from .rtp_packets import rtp_packets

if TYPE_CHECKING:
    from pathlib import Path

# A call of ten minutes is captured in 100 MB.
DISK_MB = 48
SCRIPT = "mount -t tmpfs -o size={size}m tmpfs {folder} && {testbed} run {scenario} --engine uml --out {folder}/run"
SCRIPT += "; status=$?; cp -r {folder}/run {kept}; exit $status"


@needs_uml
def test_captures_go_to_the_disk_while_the_run_goes_on(tmp_path: Path) -> None:
    written: dict[int, int] = {}

    def note(line: dict[str, Any]) -> None:
        if "event" not in line and "t_s" in line:
            written[line["t_s"]] = (tmp_path / "run/.vm/out/captures/mn-wifi.pcap").stat().st_size

    plan = compile_plan(load_experiment(str(DATA / "short.yaml")))
    place = asyncio.run(UmlEngine().prepare(plan, print))
    asyncio.run(place.run(plan, tmp_path / "run", note))
    # Speech of PCMU, 50 packets a second each way, from 1 s on: those of the last two seconds may be on their way.
    assert written[6] > 2 * 50 * 3 * 214
    assert (tmp_path / "run/captures/mn-wifi.pcap").stat().st_size >= written[6]
    assert json.loads((tmp_path / "run/outcome.json").read_text())["failure"] is None


@needs_uml
def test_a_disk_that_captures_fill_ends_the_run_and_keeps_all_of_them(tmp_path: Path) -> None:
    disk, kept, scenario = tmp_path / "disk", tmp_path / "kept", shortened("wifi-to-umts", tmp_path, 600)
    disk.mkdir()
    script = SCRIPT.format(size=DISK_MB, folder=disk, testbed=TESTBED, scenario=scenario, kept=kept)
    argv = [*unsharing("--mount"), "sh", "-c", script]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 1
    said = "no room for captures: the disk has 7 MB left, and 8 MB are needed"
    assert f"FAILED: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    manifest = json.loads((kept / "manifest.json").read_text())
    assert (manifest["status"], manifest["failure"]) == ("failed", said)
    # That would be as large as all captures: they are what is kept.
    assert "there is no run.pcapng: No space left on device" in manifest["warnings"]
    assert not (kept / "run.pcapng").exists()
    assert (kept / "result.json").exists()
    failed = next(event for line in (kept / "events.jsonl").read_text().splitlines()
                  if (event := json.loads(line))["event"] == "failed")  # fmt: skip
    assert failed["t_s"] > 30
    # All of the call until then, from 1 s on.
    sent = sum(packet.source == "10.20.0.2" for packet in rtp_packets(kept / "captures" / "cn-eth0.pcap"))
    assert 50 * (failed["t_s"] - 1) - 2 <= sent <= 50 * (failed["t_s"] + 2)
