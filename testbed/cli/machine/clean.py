"""`clean`: what a killed native run left behind."""

import click

from testbed.engine.native import clean as clean_native


@click.command()
def clean() -> None:
    """End what killed native runs left behind, by their records, and nothing else."""
    for line in clean_native() or ["nothing was left behind"]:
        click.echo(line)
