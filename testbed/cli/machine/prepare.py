"""`prepare`: build what the first run would build."""

import asyncio

import click

from testbed.engine.choose import make_engine, usual_engine
from testbed.plain_text import say
from testbed.runner import prepare as prepare_run
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan


@click.command()
@click.argument("scenario", default="wifi-to-umts")
@click.option("--engine", type=click.Choice(["vm", "uml"]), help="Whose guest  [default: as of `run`].")
def prepare(scenario: str, engine: str | None) -> None:
    """Build the guest now that a run of SCENARIO needs, if it is not there."""
    experiment = load_experiment(scenario)
    plan = compile_plan(experiment)

    def tell(line: str) -> None:
        say(line, err=True)

    asyncio.run(prepare_run(experiment.packages, plan, make_engine(engine or usual_engine(tell)), tell))
