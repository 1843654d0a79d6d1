"""`prepare`: build what the first run would build."""

import asyncio

import click

from testbed.engine.choose import make_engine
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan


@click.command()
@click.argument("scenario", default="wifi-to-umts")
def prepare(scenario: str) -> None:
    """Build the guest now that a run of SCENARIO needs, if it is not there."""
    plan = compile_plan(load_experiment(scenario))
    asyncio.run(make_engine("vm").prepare(plan, lambda line: click.echo(line, err=True)))
