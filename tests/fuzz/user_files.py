"""What users write and keep, fuzzed: taken as a run would take it, or refused in the words that are for that."""

from __future__ import annotations

import atexit
import json
import shutil
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from testbed.files.made_by_runs import run_folder
from testbed.lab.network import network_from
from testbed.measure.capture.errors import CaptureError, RunFolderError
from testbed.measure.result.run import MeasuredRun
from testbed.scenario.experiment.addressing import in_ip6
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.topology import foreign, looked_through
from testbed.scenario.links.forms import Form
from testbed.scenario.links.trace import read_csv, read_opportunities
from testbed.scenario.links.trace_file import TraceFile
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import FAILURE, PROFILE, SCENARIO, TOPOLOGY
from tests.measure import synthetic
from topologies.multihomed import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A disk that is busy with something else would be a fault of the input: nobody may take longer than some seconds.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is new
TOPOLOGY_FILE = TOPOLOGY.find("multihomed")
SCENARIO_FILE = SCENARIO.find("wifi-to-umts")
PROFILES = tuple(PROFILE.find(name).read_bytes() for name in ("wifi-good", "umts-r99-384", "edge"))
TRACED = b"""name: traced
traces:
  - {link: wifi, csv: trace.csv, at: 2 s}
  - {link: umts, mahimahi: trace.down, direction: down}
"""
STEPS = b"""name: more
steps:
  - {at: 2 s, link: umts, rate: 2 kbit/s}
  - {at: 3 s, kill: cn}
  - {at: 4 s, link: wifi, gone: true}
  - {at: 5 s, link: wifi, back: true}
"""
FAILURES = (*(FAILURE.find(name).read_bytes() for name in ("wifi-fade", "wifi-break")), TRACED, STEPS)
CSV = b"time [s], signal [dBm], down.loss [%]\n0, -55, 0\n0.5, -61,\n2, , 20\n"
MAHIMAHI = b"0\n3\n3\n20\n"
PUBLISHED = b"Timestamp;DL_bitrate;RSRP\n2019.12.14_10.16.30;1200;-95\n2019.12.14_10.16.31;0;-\n"
COLUMNS = {"time": "Timestamp [%Y.%m.%d_%H.%M.%S]", "down.rate": "DL_bitrate [kbit/s]", "signal": "RSRP [dBm]"}
WORDS = (
    *("name: ", "signal: ", "down: ", "up: ", "rate: ", "delay: ", "jitter: ", "loss: ", "loss_burst: ", "queue: "),
    *(
        "loss_pattern: ",
        "duplicate: ",
        "corrupt: ",
        "jitter_correlation: ",
        "aqm: ",
        "target: ",
        "interval: ",
        "reordering: ",
        "attach:\n",
        "phase: ",
        "time: ",
        "loss_noticed_after: ",
        "steps:\n",
        "traces:\n",
    ),
    *("  - {", "at: ", "over: ", "link: ", "gone: true", "back: true", "kill: ", "csv: ", "mahimahi: ", "columns: {"),
    *("direction: ", "skip: ", " ms", " s", " kbit/s", " Mbit/s", " dBm", " packets", " %", "1e9", "-1", "0.0", "nan"),
    *("inf", '"', "'", "[", "]", "{", "}", ": ", ", ", "null", "true", "\\u0000", "\\ud800", "1e999", "#", "&a", "*a"),
    *('"time_ns": ', '"event": ', '"link": ', '"t_s": ', '"trigger"', '"roles"', '"interfaces"', '"address"', '"via"'),
)
NETWORK_JSON = json.dumps(asdict(NETWORK)).encode()
EVENTS = "".join(
    json.dumps({"time_ns": 10**18 + number, "t_s": number / 10, "source": "mn", "event": name, "link": "wifi"}) + "\n"
    for number, name in enumerate(("attached", "call_established", "trigger", "handover_done", "call_ended"))
)
RUN_FILES = ("manifest.json", "events.jsonl", "result.json")
MANIFEST = json.dumps({**synthetic.DOCUMENT, "scheme": "reinvite"})
RUN_SEEDS = (b"\0" + MANIFEST.encode(), b"\1" + EVENTS.encode(), b"\2{}")


@cache
def here() -> Path:
    """A folder for what is tried, in which a scenario names each of the others; gone when Python ends."""
    folder = Path(mkdtemp(prefix="fuzz-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    text = SCENARIO_FILE.read_text(encoding="utf-8")
    for old, new in (
        ("topology: multihomed", f"topology: {TOPOLOGY_FILE}"),
        ("wifi: wifi-good", "wifi: profile.yaml"),
        ("failure: wifi-fade", "failure: failure.yaml"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    (folder / "profile.yaml").write_bytes(PROFILES[0])
    (folder / "failure.yaml").write_bytes(FAILURES[0])
    (folder / "trace.csv").write_bytes(CSV)
    (folder / "trace.down").write_bytes(MAHIMAHI)
    return folder


def in_scenario(name: str, check: Callable[[Path], Iterator[str]]) -> Callable[[bytes], None]:
    """The bytes as a file that the scenario names so: what the check lets pass is planned with, or refused with it."""

    def run(data: bytes) -> None:
        file = here() / name
        before = file.read_bytes()
        file.write_bytes(data)
        try:
            with suppress(BadScenarioError):
                list(check(file))
                json.dumps(compile_plan(load_experiment(str(here() / "scenario.yaml"))), allow_nan=False)
        finally:
            file.write_bytes(before)

    return run


def read_trace(data: bytes) -> None:
    """A trace, by whatever reads one."""
    file = here() / "any.trace"
    file.write_bytes(data)
    for read in (
        lambda: list(read_csv(file)),
        lambda: read_opportunities(file),
        lambda: list(TraceFile(file, Form(COLUMNS)).stretches()),
        lambda: list(TraceFile(file).stretches()),
    ):
        with suppress(BadScenarioError):
            read()


def build_topology(data: bytes) -> None:
    """What the Python of a topology may have defined, as JSON; which a plan carries, and IPv6 has a form of."""
    try:
        said = data.decode()
        json.loads(said, object_hook=foreign)
    except (ValueError, RecursionError):
        return
    with suppress(BadScenarioError):
        network = looked_through(TOPOLOGY_FILE, "", said)
        assert network_from(json.loads(json.dumps(asdict(network)))) == network
        in_ip6(network)


@cache
def a_run() -> Path:
    """A run folder, with its result."""
    folder = synthetic.handover_cn_run().write(here() / "run")
    (folder / "result.json").write_text(json.dumps(MeasuredRun(folder).result))
    return folder


def read_run(data: bytes) -> None:
    """One of a run's files, by the first byte: measured, looked through and told, or refused."""
    file = a_run() / RUN_FILES[data[0] % len(RUN_FILES) if data else 0]
    before = file.read_bytes()
    file.write_bytes(data[1:])
    try:
        for read in (
            lambda: list(run_folder(a_run())),
            lambda: MeasuredRun(a_run()).result,
            lambda: MeasuredRun(a_run()).story,
        ):
            with suppress(RunFolderError, CaptureError):
                read()
    finally:
        file.write_bytes(before)
