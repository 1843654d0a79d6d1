"""`ladder`: who said what to whom, and when."""

from pathlib import Path

import click

from testbed.measure import MeasuredRun
from testbed.plain_text import say
from testbed.report.one_run.ladder import NARROWEST, ladder
from testbed.report.terminal import console


@click.command("ladder")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--width",
    type=click.IntRange(NARROWEST, 1000),
    help=f"Columns to use, {NARROWEST} or more; else those of the terminal, or 120 in a pipe.",
)
def ladder_command(run: Path, width: int | None) -> None:
    """Print the SIP message chart of the run in folder RUN, as its captures saw it, with media, triggers and links."""
    say(ladder(MeasuredRun(run).chart, width or console().width), nl=False)
