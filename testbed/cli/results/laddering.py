"""`ladder`: who said what to whom, and when."""

from pathlib import Path

import click

from testbed.cli.results.selecting import selection_options
from testbed.cli.whole_number import WholeNumber
from testbed.measure import MeasuredRun
from testbed.measure.bare.bare_chart import draw_up_capture
from testbed.measure.selection.selection import Selection
from testbed.plain_text import say
from testbed.report.one_run.ladder import NARROWEST, ladder
from testbed.report.terminal import console


@click.command("ladder")
@click.argument("what", metavar="RUN_OR_CAPTURE", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@selection_options("--user", "--number")
@click.option(
    "--width",
    type=WholeNumber(NARROWEST, 1000),
    help=f"Columns to use, {NARROWEST} or more; else those of the terminal, or 120 in a pipe.",
)
def ladder_command(what: Path, *, selection: Selection, width: int | None) -> None:
    """Print the SIP message chart of a run (its folder) or of any capture, with media, moves, triggers and links.

    A run's chart knows from its captures when each message left and arrived; any other capture says when it was seen.
    """
    if what.is_dir():
        if not selection.is_everything:
            raise click.UsageError("--call-id, --user, --from and --to are about captures: name no run folder.")
        chart = MeasuredRun(what).chart
    else:
        chart = draw_up_capture(what, selection)
    say(ladder(chart, width or console().width), nl=False)
