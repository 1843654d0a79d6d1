"""`verify`: the same run again, or the one that is part of the project; the same bytes?"""

import sys
from pathlib import Path

import click

from testbed.api.carrying_out import EngineName
from testbed.api.reference import verify_self
from testbed.api.verification import verify as verified
from testbed.cli.runs.progress import Progress
from testbed.cli.runs.running import engine_option
from testbed.plain_text import say


@click.command()
@click.argument("run", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--self", "own", is_flag=True, help="Instead of RUN: a run whose digests are part of the testbed.")
@engine_option
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the second run in this folder.")
def verify(run: Path | None, engine: EngineName | None, keep: Path | None, *, own: bool) -> None:
    """Carry out the run in folder RUN again and compare every byte of its captures, and its result.

    With --self: does this machine make the bytes that others made? Only then --engine says by which engine.

    Ends with 0 when they are the same; else with 1, naming the first packet that differs.
    """
    if own == (run is not None):
        raise click.UsageError("name the folder of a run, or say --self.")
    if run is not None and engine is not None:
        raise click.UsageError("a run is carried out again by the engine that made it; --engine goes with --self.")
    with Progress() as progress:
        if run is None:
            found = verify_self(engine, keep=keep, watch=progress.show)
        else:
            found = verified(run, keep=keep, watch=progress.show)
    for line in found.changes:
        say(f"note: {line}", err=True)
    if found.difference is not None:
        say(f"different: {found.difference}")
        sys.exit(1)
    say(f"the same: {found.captures} captures and result.json, byte for byte")
