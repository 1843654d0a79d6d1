"""`report`: the page of a run, and of several, from their folders alone."""

import os
from pathlib import Path

import click

from testbed.measure import MeasuredRun
from testbed.measure.folder.records import find_runs
from testbed.plain_text import say


@click.command()
@click.argument(
    "runs",
    metavar="RUN…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
def report(runs: tuple[Path, ...]) -> None:
    """Write report.html into each run folder RUN: what happened, to be looked at in a browser, with or without network.

    RUN may be a folder of runs, too. Several runs are compared in comparison.html beside them. Made from the folders'
    files alone; a run that failed has a page too, which says so.
    """
    from testbed.report.one_run.page import write_page  # noqa: PLC0415 - plotting library
    from testbed.report.several.comparison_page import PAGE, write_comparison  # noqa: PLC0415 - no other command waits for the

    folders = find_runs(runs)
    for folder in folders:
        say(write_page(MeasuredRun(folder)))
    if len(folders) > 1:
        common = Path(os.path.commonpath([folder.resolve().parent for folder in folders]))
        say(write_comparison(folders, common / PAGE))
