"""`triggers`: one scenario, once with each of its triggers."""

import sys
from pathlib import Path

import click
from rich.text import Text

from testbed.api.carrying_out import EngineName
from testbed.api.opened import Run
from testbed.api.runs import DEFAULT_TRIGGERS, compare_triggers
from testbed.cli.runs.progress import Progress
from testbed.cli.runs.running import (
    engine_option,
    failure_option,
    jobs_option,
    out_option,
    runs_option,
    seed_option,
)
from testbed.report.several.triggers_table import Triggered, mean_triggers_table, triggers_table
from testbed.report.terminal import console
from testbed.scenario.experiment.badness import bad_from
from testbed.scenario.experiment.experiment import Experiment, load_experiment


@click.command()
@click.argument("scenario", default=DEFAULT_TRIGGERS)
@click.option("--trigger", "names", multiple=True, metavar="TRIGGER", help="Only this one; repeatable.")
@click.option("--scheme", metavar="SCHEME", help="Another scheme than the scenario's.")
@failure_option
@runs_option
@jobs_option
@engine_option
@seed_option
@out_option
def triggers(  # noqa: PLR0913 - a command's options
    scenario: str, names: tuple[str, ...], scheme: str | None, failure: str | None, runs: int, jobs: int | None, *,
    engine: EngineName | None, seed: int | None, out: Path | None,
) -> None:  # fmt: skip
    """Carry out SCENARIO with each of its triggers, on the same link history."""
    with Progress() as progress:
        done = compare_triggers(
            scenario, triggers=names, scheme=scheme, runs=runs, seed=seed, out=out, engine=engine, jobs=jobs,
            watch=progress.show, failure=failure,
        )  # fmt: skip
    show(load_experiment(scenario, scheme=scheme, failure=failure, seed=seed), list(done))
    if any(run.failure is not None for run in done):
        sys.exit(1)


def show(experiment: Experiment, runs: list[Run]) -> None:
    """The table, and where the runs are."""
    out = console()
    bad_s = bad_from(experiment, experiment.scenario.first_link)
    call_s = experiment.scenario.call.duration
    measured = [
        Triggered(str(run.manifest["trigger"]), run.numbers, bad_s, handovers(run), call_s)
        for run in runs
        if run.numbers
    ]
    engines = dict.fromkeys(str(run.manifest["engine"]) for run in runs)
    what = f"{experiment.scenario.name}: {experiment.failure.name} under {experiment.scheme}"
    title = f"{what}; engine: {', '.join(engines)}"
    has_several = len({run.seed for run in runs}) > 1
    out.print(mean_triggers_table(title, measured) if has_several else triggers_table(title, measured))
    out.print("\nRun folders:")
    for run in runs:
        said = "" if run.failure is None else f"  failed: {run.failure}"
        out.print(Text(f"  {run.folder}{said}"), soft_wrap=True)


def handovers(run: Run) -> int:
    """How many handovers of a run succeeded."""
    return sum(event.name == "handover_done" for event in run.events)
