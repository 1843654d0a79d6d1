"""`clean`: what killed runs and builds left behind."""

import click

from testbed.engine import cache, run_records
from testbed.plain_text import say


@click.command()
def clean() -> None:
    """End and remove what killed runs and builds of images left behind, by their records, and nothing else."""
    for line in [*run_records.clean(), *cache.clean()] or ["nothing was left behind"]:
        say(line)
