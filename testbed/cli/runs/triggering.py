"""`triggers`: one scenario, once with each of its triggers."""

import sys
from pathlib import Path

import click
from rich.text import Text

from testbed.cli.runs.running import (
    carry_out_all,
    engine_option,
    failure_option,
    jobs_option,
    new_folder,
    out_option,
    seed_option,
)
from testbed.measure.folder.run_folder import read_events
from testbed.report.several.triggers_table import Triggered, triggers_table
from testbed.report.terminal import console
from testbed.runner import FinishedRun
from testbed.scenario.experiment.badness import bad_from
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError

DEFAULT = "triggers"


@click.command()
@click.argument("scenario", default=DEFAULT)
@click.option("--trigger", "names", multiple=True, metavar="TRIGGER", help="Only this one; repeatable.")
@click.option("--scheme", metavar="SCHEME", help="Another scheme than the scenario's.")
@failure_option
@jobs_option
@engine_option
@seed_option
@out_option
def triggers(
    scenario: str, names: tuple[str, ...], scheme: str | None, failure: str | None, jobs: int, engine: str,
    seed: int | None, out: Path | None,
) -> None:  # fmt: skip
    """Carry out SCENARIO once with each of its triggers, on the same link history."""
    first = load_experiment(scenario, scheme=scheme, failure=failure, seed=seed)
    if not first.scenario.triggers:
        what = "has no triggers to compare; add 'triggers: {NAME: {on: …}, …}', or name one of 'testbed list scenarios'"
        raise BadScenarioError([ScenarioError(first.path, 0, what)])
    chosen = list(dict.fromkeys(names or first.scenario.triggers))
    experiments = [
        load_experiment(scenario, scheme=scheme, failure=failure, seed=seed, trigger=name) for name in chosen
    ]
    folder = new_folder(out, f"{first.scenario.name}-triggers-seed{first.seed}")
    runs = carry_out_all(
        [(one, folder / name) for name, one in zip(chosen, experiments, strict=True)], engine, jobs=jobs
    )
    show(first, runs)
    if any(run.failure is not None for run in runs):
        sys.exit(1)


def show(experiment: Experiment, runs: list[FinishedRun]) -> None:
    """The table, and where the runs are."""
    out = console()
    bad_s = bad_from(experiment, experiment.scenario.first_link)
    call_s = experiment.scenario.call.duration
    measured = [
        Triggered(run.folder.name, run.result, bad_s, handovers(run.folder), call_s) for run in runs if run.result
    ]
    title = f"{experiment.scenario.name}: {experiment.failure.name} under {experiment.scheme}"
    out.print(triggers_table(title, measured))
    out.print("\nRun folders:")
    for run in runs:
        said = "" if run.failure is None else f"  failed: {run.failure}"
        out.print(Text(f"  {run.folder}{said}"), soft_wrap=True)


def handovers(folder: Path) -> int:
    """How many handovers of a run succeeded."""
    return sum(event.name == "handover_done" for event in read_events(folder))
