"""A run's link history as a failure script of its own: nothing drawn, nothing repeated, with the traces beside it."""

import json

from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.failure import TraceUse
from testbed.scenario.links.history import Change
from testbed.scenario.links.trace import KINDS
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
        files[name] = (experiment.failure_path.parent / source).read_bytes()
        lines.append(f"  - {{link: {use.link}, {kind}: {name}, {', '.join(reading(use))}}}")
    return {SCRIPT: ("\n".join(lines) + "\n").encode(), **files}


def reading(use: TraceUse) -> list[str]:
    """How a trace is to be read, field by field."""
    found = {"direction": use.direction, "form": use.form} | ({"stamped": "end"} if use.stamped == "end" else {})
    words = [f"{name}: {value}" for name, value in found.items() if value is not None]
    maps = {"columns": use.columns, "where": use.where}
    words += [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in maps.items() if value]
    times = {"at": use.at, "skip": use.skip or None, "for": use.lasts}
    return words + [f"{name}: {TIME.text(value)}" for name, value in times.items() if value is not None]


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
