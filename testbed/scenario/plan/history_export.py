"""A run's link history as a failure script of its own: nothing drawn, nothing repeated, with the traces beside it."""

import json
from pathlib import Path

from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.failure import TraceUse
from testbed.scenario.links.conversion import table
from testbed.scenario.links.history import Change
from testbed.scenario.links.trace import KINDS
from testbed.scenario.links.traced import traced_moments, traced_opportunities
from testbed.scenario.reading.units import TIME

SCRIPT = "failure.yaml"


def exported(experiment: Experiment) -> dict[str, bytes]:
    """Files by name: the script, and the traces that it names. Replayed in the same scenario they give the same run."""
    script = experiment.failure
    # As a quoted string JSON is YAML, too.
    lines = [f"name: {script.name}", f"about: {json.dumps(script.about, ensure_ascii=False)}"]
    changes = [one for one in experiment.changes if one.place[0] == "steps"]
    if changes:
        lines += ["steps:", *(f"  - {{{', '.join(fields(one))}}}" for one in changes)]
    files: dict[str, bytes] = {}
    if script.traces:
        lines.append("traces:")
    for number, use in enumerate(script.traces, 1):
        kind, source = ("csv", use.csv) if use.csv is not None else ("mahimahi", use.mahimahi or "")
        name = f"trace-{number}.{kind}"
        files[name] = replayed_part(experiment.failure_path.parent / source, use)
        direction = f", direction: {use.direction}" if use.direction else ""
        lines.append(f"  - {{link: {use.link}, {kind}: {name}{direction}, at: {TIME.text(use.at)}}}")
    return {SCRIPT: ("\n".join(lines) + "\n").encode(), **files}


def replayed_part(path: Path, use: TraceUse) -> bytes:
    """A trace as it is; of a longer recording, or a published one, what the run took, as a trace of our own."""
    if not use.skip and use.lasts is None and use.form is None and use.columns is None:
        return path.read_bytes()
    if use.direction is not None:
        lines = [f"{one}" for one in traced_opportunities(path, use)]
    else:
        lines = list(table(traced_moments(path, use)))
    return ("\n".join(lines) + "\n").encode()


def fields(change: Change) -> list[str]:
    """A step of the script, field by field."""
    found = [f"at: {TIME.text(change.at)}"]
    if change.over:
        found.append(f"over: {TIME.text(change.over)}")
    if change.stays is not None:
        found.append(f"for: {TIME.text(change.stays)}")
    found += [
        f"{name}: {value}" for name in ("link", "kill", "hang_up") if (value := getattr(change, name)) is not None
    ]
    if change.direction != "both":
        found.append(f"direction: {change.direction}")
    found += [f"{name}: {KINDS[name].text(value)}" for name, value in change.values.items()]
    return [*found, "gone: true"] if change.gone else found
