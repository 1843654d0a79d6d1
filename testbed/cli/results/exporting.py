"""`export`: the results of many runs as one table, for whoever goes on computing."""

from itertools import islice
from pathlib import Path

import click

from testbed.measure.folder.records import read_records
from testbed.measure.tables.columns_media import PACKETS, RUNS
from testbed.measure.tables.packet_rows import packet_rows
from testbed.measure.tables.rows import ROWS, run_rows, with_users, without_column
from testbed.measure.tables.schema import TABLES
from testbed.report.several.export import SUFFIXES, write

MOST_NAMED = 5


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
    if out.suffix not in SUFFIXES:
        raise click.BadParameter(f"{out} should end with {' or '.join(SUFFIXES)}.", param_hint="--out")
    if not out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}.", param_hint="--out")
    records = read_records(places)
    for record in records:
        if record.result is None:
            click.echo(
                f"note: {record.folder} has no result.json: {record.status}; there are no numbers of it", err=True
            )
    unknown = dict.fromkeys(field for record in records for field in without_column(record))
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        click.echo(f"note: no column has {', '.join(islice(unknown, MOST_NAMED))}{more} of result.json", err=True)
    if name == RUNS.name:
        table = with_users(records)
        count = write(table, run_rows(records, table), out)
    else:
        count = write(TABLES[name], packet_rows(records) if name == PACKETS.name else ROWS[name](records), out)
    click.echo(f"{out}: {count} rows of {len(records)} runs")
