"""`report`: the page of a run, from its folder alone."""

from pathlib import Path

import click


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

    Made from the folder's files alone; a run that failed has a page too, which says so.
    """
    from testbed.report.page import write_page  # noqa: PLC0415 - no other command waits for the plotting library

    for run in runs:
        click.echo(write_page(run))
