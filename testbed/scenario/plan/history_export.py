"""A run's link history as a failure script of its own: nothing drawn, nothing repeated, with the traces beside it."""

import json

from testbed.scenario.experiment.experiment import Experiment
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
        direction = f", direction: {use.direction}" if use.direction else ""
        lines.append(f"  - {{link: {use.link}, {kind}: {name}{direction}, at: {TIME.text(use.at)}}}")
    return {SCRIPT: ("\n".join(lines) + "\n").encode(), **files}


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
