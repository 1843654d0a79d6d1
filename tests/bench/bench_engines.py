"""`make engines`: a whole run by each engine in virtual time, beside each other; the table of docs/engines.md."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from testbed.report.terminal import console, new_table, number
from testbed.scenario.reading.places import SCENARIO

ENGINES = ("vm", "uml")
TESTBED = Path(sys.executable).parent / "testbed"
SCENARIO_NAME, USUAL = "wifi-to-umts", "duration: 30 s"
# Calls, in seconds, and how many runs of each there are by an engine.
CALLS = {30: 5, 600: 1}


class Took(NamedTuple):
    """Seconds of this machine's that a run took, by the clock and of processors; and its result.json."""

    wall_s: float
    processor_s: float
    result: dict[str, Any]


def timed(engine: str, scenario: Path, out: Path) -> Took:
    """One run, as a user types it, with its page."""
    argv = [str(TESTBED), "run", str(scenario), "--engine", engine, "--out", str(out), "--json"]
    began, before = time.monotonic(), os.times()
    # As on most machines: where it is set, each start compiles all of our modules anew.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=env)
    took, after = time.monotonic() - began, os.times()
    processor_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(took, processor_s, json.loads(done.stdout))


def lasting(duration_s: int, folder: Path) -> Path:
    """The scenario with a call of so many seconds."""
    text = SCENARIO.find(SCENARIO_NAME).read_text()
    path = folder / f"{duration_s}.yaml"
    path.write_text(text.replace(USUAL, f"duration: {duration_s} s"))
    return path


def spread(values: list[float]) -> str:
    """The median, and the extremes of several."""
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle}, {number(min(values))} to {number(max(values))}"


def main() -> None:
    """Prints the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows: dict[tuple[int, str], list[Took]] = {(duration, engine): [] for duration in CALLS for engine in ENGINES}
    with tempfile.TemporaryDirectory(prefix="testbed-engines-") as scratch:
        for duration, runs in CALLS.items():
            scenario = lasting(duration, Path(scratch))
            # The first of several makes ready what there is to be made, and does not count.
            for turn in range(runs + (runs > 1)):
                for engine in ENGINES:
                    took = timed(engine, scenario, Path(scratch) / f"{engine}-{duration}-{turn}")
                    if turn or runs == 1:
                        rows[duration, engine].append(took)
    table = new_table("A whole run of wifi-to-umts: median, least to most", "engine", "call (s)")
    for column in ("by the clock (s)", "of processors (s)", "call / clock", "set-up (ms)", "interruption (ms)"):
        table.add_column(column, justify="right", no_wrap=True)
    for (duration, engine), runs_of in rows.items():
        last = runs_of[-1].result
        table.add_row(
            engine,
            str(duration),
            spread([one.wall_s for one in runs_of]),
            spread([one.processor_s for one in runs_of]),
            number(duration / statistics.median([one.wall_s for one in runs_of])),
            number(last["signalling"]["setup_ms"]),
            " / ".join(number(last["media"][way]["interruption_ms"]) for way in ("to_mn", "to_cn")),
        )
    console().print(table)


if __name__ == "__main__":
    main()
