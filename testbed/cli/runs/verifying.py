"""`verify`: the same run again; the same bytes?"""

import sys
from pathlib import Path

import click

from testbed.api.verification import verify as verified
from testbed.cli.runs.progress import Progress
from testbed.plain_text import say


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the second run in this folder.")
def verify(run: Path, keep: Path | None) -> None:
    """Carry out the run in folder RUN again and compare every byte of its captures, and its result.

    Ends with 0 when they are the same; else with 1, naming the first packet that differs.
    """
    with Progress() as progress:
        found = verified(run, keep=keep, watch=progress.show)
    for line in found.changes:
        say(f"note: {line}", err=True)
    if found.difference is not None:
        say(f"different: {found.difference}")
        sys.exit(1)
    say(f"the same: {found.captures} captures and result.json, byte for byte")
