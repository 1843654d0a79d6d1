"""One run from beginning to end: plan, engine, annotated capture, numbers, manifest. All of it in one folder."""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from testbed.engine.cache import digest
from testbed.engine.engine import Engine, Place, Report, Say
from testbed.engine.errors import RunFailedError, UnknownPackageError
from testbed.lab.plan import Plan
from testbed.measure import MeasuredRun, RunFolderError, to_json
from testbed.measure.folder.run_folder import SCHEMA_VERSION, read_names
from testbed.measure.numbers.user_numbers import LoadedNumber
from testbed.report.one_run.run_capture import write_run_capture
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.plan.anchor_points import role_of_point
from testbed.scenario.plan.compile import nats, roles
from testbed.scenario.plan.history_export import exported
from testbed.scenario.plan.traffic_steps import traffic
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError, with_remedies

RADIO_TAIL_S = 0.2
"""How long a radio of which nobody says more goes on talking after a packet: assumed, after WiFi's power saving."""
# Half a packet: from there on it shows in what is measured.
LATE_S = 0.010


@dataclass(frozen=True)
class FinishedRun:
    """A run that has ended. `failure` says why it failed; `result` is None when nothing could be measured.

    `run` has let go of its captures: it keeps what was told of them.
    """

    run: MeasuredRun
    scheme: str
    seed: int
    result: dict[str, Any] | None
    failure: str | None

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return self.run.folder


async def prepare(packages: Mapping[str, ScenarioError], plan: Plan, engine: Engine, say: Say) -> Place:
    """Makes ready what a run of this plan needs; `packages` as in `Experiment`.

    Raises BadScenarioError for those of them that Debian does not have.
    """
    try:
        return await engine.prepare(plan, say)
    except UnknownPackageError as error:
        if not error.remedies.keys() <= packages.keys():
            raise
        raise BadScenarioError(with_remedies(packages, error.remedies)) from None


async def carry_out(
    experiment: Experiment,
    plan: Plan,
    engine: Engine,
    place: Place,
    folder: Path,
    report: Report,
    numbers: Sequence[LoadedNumber] = (),
    *,
    with_page: bool = True,
) -> FinishedRun:
    """Runs the plan of an experiment and fills `folder` as docs/run-folder.md says; `numbers` are the user's."""
    manifest = describe(experiment, plan, engine, place)
    if numbers:
        manifest["numbers"] = [one.described() for one in numbers]
    write_history(experiment, folder / "history")
    return await carry_out_plan(plan, manifest, place, folder, report, numbers, with_page=with_page)


def write_history(experiment: Experiment, folder: Path) -> None:
    """What the links go through, as a failure script that can be replayed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in exported(experiment).items():
        (folder / name).write_bytes(content)


async def carry_out_plan(
    plan: Plan,
    manifest: dict[str, Any],
    place: Place,
    folder: Path,
    report: Report,
    numbers: Sequence[LoadedNumber] = (),
    *,
    with_page: bool = True,
) -> FinishedRun:
    """Runs a plan; whatever goes wrong, the folder holds what there was and the manifest says so.

    `with_page` is False for a folder that nobody will look at: making the page takes more than a second.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan, indent=1, sort_keys=True) + "\n")
    write_manifest(folder, {**manifest, "status": "running", "failure": None, "warnings": []})
    failure, warnings = None, list(manifest.get("doubts", ()))
    try:
        await place.run(plan, folder, report)
        outcome = json.loads((folder / "outcome.json").read_text())
        failure = outcome["failure"]
        warnings += [*outcome["warnings"], *late_links(plan, outcome["late_s"])]
        if not manifest["reproducible"]:
            manifest = {**manifest, "late_ms": {name: round(s * 1e3, 3) for name, s in outcome["late_s"].items()}}
            warnings += too_slow(outcome["late_s"])
        (folder / "outcome.json").unlink()
    except RunFailedError as error:
        failure = str(error)
    except asyncio.CancelledError:
        write_manifest(folder, {**manifest, "status": "failed", "failure": "stopped by the user", "warnings": []})
        raise
    if not manifest["reproducible"]:
        warnings.append(f"not reproducible: made in wall-clock time by the {manifest['engine']} engine")
    if failure is not None:
        warnings.append(f"the run failed: {failure}")
    run = MeasuredRun(folder, numbers)
    warnings += annotate(run, f"{manifest['scheme']}, seed {manifest['seed']}")
    manifest = {**manifest, "status": "done" if failure is None else "failed", "failure": failure, "warnings": warnings}
    write_manifest(folder, manifest)
    result = measure(run)
    if with_page:
        write_report(run)
    run.let_go()
    return FinishedRun(run, manifest["scheme"], manifest["seed"], result, failure)


def too_slow(late_s: Mapping[str, float]) -> list[str]:
    """The warning of a run in wall-clock time whose machine did not keep up; `late_s`: who was how late, at most."""
    late = [f"{name} {s * 1e3:.0f} ms" for name, s in sorted(late_s.items()) if s >= LATE_S]
    if not late:
        return []
    return [f"this machine was too slow or too busy: {', '.join(late)} late at worst; times may be as much too long"]


def late_links(plan: Plan, late_s: Mapping[str, float]) -> list[str]:
    """What is to be known of links that packets left too late, whatever the engine; `late_s` as there."""
    late = [(name, late_s[name]) for gate in plan["gates"] if (name := gate["air"]) in late_s]
    return [f"packets left {name} up to {s * 1e3:.1f} ms too late: this machine is too slow for what passes there"
            for name, s in late]  # fmt: skip


def annotate(run: MeasuredRun, title: str = "") -> list[str]:
    """Writes run.pcapng from the captures, the timeline and the names of nodes; returns warnings.

    Of the run it asks for nothing but the captures: the manifest and the timeline may still change.
    """
    if not run.captures.names:
        return []
    folder, events_file = run.folder, run.folder / "events.jsonl"
    events = [json.loads(line) for line in events_file.read_text().splitlines()] if events_file.exists() else []
    warnings, names = list[str](), dict[str, str]()
    try:
        names = read_names(folder)
    except RunFolderError as error:
        warnings.append(f"run.pcapng names no nodes: {error.what}")
    whole = folder / "run.pcapng"
    try:
        return [*warnings, *write_run_capture(run.captures, events, whole, names=names, title=title)]
    except OSError as error:  # it is as large as all captures together, and the numbers do not come from it
        whole.unlink(missing_ok=True)
        return [*warnings, f"there is no run.pcapng: {error.strerror or error}"]


def measure(run: MeasuredRun) -> dict[str, Any] | None:
    """Writes result.json and returns its content; None when the folder holds too little."""
    try:
        result = run.result
    except RunFolderError:
        return None
    (run.folder / "result.json").write_text(to_json(result))
    return result


def write_report(run: MeasuredRun) -> None:
    """Writes report.html."""
    from testbed.report.one_run.page import write_page  # noqa: PLC0415 - half a second, which only runs have to wait for

    write_page(run)


def describe(experiment: Experiment, plan: Plan, engine: Engine, place: Place) -> dict[str, Any]:
    """The manifest of a run to be: everything about it, and nothing of this machine that doesn't matter."""
    scenario = experiment.scenario
    return {
        "schema_version": SCHEMA_VERSION,
        "command": sys.argv[1:],
        "scenario": {
            "name": scenario.name,
            "text": experiment.text,
            "sha256": digest(experiment.text),
        },
        "scheme": experiment.label,
        "trigger": experiment.trigger,
        "cn": experiment.cn,
        "mn": experiment.cast.names["mn"],
        "programs": experiment.cast.described(),
        "proxy": experiment.proxy,
        "failure_script": experiment.failure.name,
        "doubts": list(doubts(experiment)),
        "seed": experiment.seed,
        "plan_sha256": digest(json.dumps(plan, sort_keys=True)),
        "engine": engine.name,
        "reproducible": engine.reproducible,
        "engine_identity": place.identity(),
        "clock": "virtual, from 2026-01-01T00:00:00Z" if engine.reproducible else "this machine's",
        "versions": own_versions(),
        "call": {
            "packet_interval_ms": round(scenario.call.packets * 1000),
            "duration_s": scenario.call.duration,
            "hangs_up": experiment.hangs_up,
        },
        "roles": roles(experiment.network, experiment.row) | role_of_point(experiment),
        **nats(experiment),
        **traffic(experiment),
        "radios": radios(experiment),
        **({"varied": {one.name: one.text for one in experiment.varied}} if experiment.varied else {}),
        **({"modules": {one.name: one.described() for one in experiment.brought}} if experiment.brought else {}),
    }


def radios(experiment: Experiment) -> dict[str, list[dict[str, Any]]]:
    """What the radio of each link takes in which state; while it talks, what the scenario says of its network."""
    found: dict[str, list[dict[str, Any]]] = {}
    for link, profile in experiment.profiles.items():
        states = [
            {"state": one.state, "power_w": one.power, **({} if one.tail is None else {"tail_s": one.tail})}
            for one in profile.radio_states
        ]
        network = experiment.scenario.networks.get(link)
        if network is not None and network.power:
            states = states or [{"state": "talks", "tail_s": RADIO_TAIL_S}, {"state": "idle", "power_w": 0.0}]
            states[0] = {**states[0], "power_w": network.power}
        if states:
            found[link] = states
    return found


def own_versions() -> dict[str, str]:
    """What made a run: the testbed's version, Python's, and the digest of the code."""
    return {
        "testbed": metadata.version("sip-handover-testbed"),
        "python": platform.python_version(),
        "code_sha256": code_digest(),
    }


@cache
def code_digest() -> str:
    """Names the code that agents and lab consist of."""
    root = Path(__file__).parents[1]
    parts: list[str | bytes] = []
    for folder in ("agents", "testbed"):
        for name in sorted(files_below(root / folder), key=lambda name: name.split("/")):
            parts += [name, (root / name).read_bytes()]
    return digest(*parts)


def files_below(folder: Path) -> Iterator[str]:
    """The files of a package, by their paths from beside it, without what Python has made of them."""
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (f"{at}/{name}".removeprefix(f"{folder.parent}/") for name in files)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes manifest.json."""
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
