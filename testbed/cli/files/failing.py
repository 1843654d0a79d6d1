"""`failure`: a look at failure scripts, and at what a run's links went through."""

import shutil
from pathlib import Path

import click

from testbed.api.runs import DEFAULT_SCENARIO
from testbed.cli.whole_number import WholeNumber
from testbed.plain_text import say
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.links.timeline import changes_of, link_states
from testbed.scenario.plan.history_export import SCRIPT

FORMATS = (".svg", ".png", ".pdf")


@click.group()
def failure() -> None:
    """Look at failure scripts, and at what a run's links went through."""


@failure.command()
@click.argument("name", metavar="FAILURE")
@click.option("--scenario", default=DEFAULT_SCENARIO, show_default=True, help="Whose links and seed.")
@click.option("--seed", type=WholeNumber(min=0), help="Another seed than the scenario's.")
@click.option("--out", type=click.Path(path_type=Path), help="The picture [default: FAILURE.svg].")
def plot(name: str, scenario: str, seed: int | None, out: Path | None) -> None:
    """Draw what the failure script FAILURE does to the links of a scenario."""
    experiment = load_experiment(scenario, failure=name, seed=seed)
    file = out or Path(f"{experiment.failure.name}.svg")
    if file.suffix not in FORMATS:
        raise click.UsageError(f"{file} should end in one of: {', '.join(FORMATS)}.")
    states = {
        link: list(link_states(profile, changes_of(experiment.changes, link)))
        for link, (_, profile) in experiment.links.items()
    }
    from testbed.scenario.plan.failure_picture import plot as draw  # noqa: PLC0415 - matplotlib takes a second to load

    call = experiment.scenario.call
    last = max((one.end for one in experiment.changes), default=0.0)
    draw(experiment, states, max(call.start + call.duration, last), file)
    say(f"{file}")


@failure.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("folder", type=click.Path(path_type=Path))
def export(run: Path, folder: Path) -> None:
    """Write the link history of the run in the folder RUN as a failure script into FOLDER, to be replayed."""
    history = run / "history"
    if not (history / SCRIPT).is_file():
        raise click.UsageError(f"{run} has no history/{SCRIPT}; name the folder of a run.")
    shutil.copytree(history, folder, dirs_exist_ok=True)
    say(f"{folder / SCRIPT}")
