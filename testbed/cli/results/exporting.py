"""`export`: the results of many runs as one table, for whoever goes on computing."""

from pathlib import Path

import click

from testbed.api import tables
from testbed.measure.tables.columns_media import RUNS
from testbed.measure.tables.schema import TABLES
from testbed.plain_text import say


@click.command()
@click.argument(
    "places",
    metavar="RUN_OR_FOLDER…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write: FILE.parquet or FILE.csv.",
)
@click.option(
    "--table",
    "name",
    type=click.Choice(list(TABLES)),
    default=RUNS.name,
    show_default=True,
    help="Which table; docs/results.md has their columns.",
)
def export(places: tuple[Path, ...], out: Path, name: str) -> None:
    """Write the results of runs, all that lie in or below these folders, as a table: Parquet or CSV."""
    count, runs, notes = tables.export(places, out, name)
    for note in notes:
        say(f"note: {note}", err=True)
    say(f"{out}: {count} rows of {runs} runs")
