"""`export`: the results of many runs, or of any captures, as one table, for whoever goes on computing."""

from collections.abc import Mapping
from pathlib import Path

import click

from testbed.api import tables
from testbed.cli.results.captures_given import captures_at
from testbed.cli.results.selecting import selection_options
from testbed.measure.selection.selection import Selection
from testbed.measure.tables.columns import TableSchema
from testbed.measure.tables.columns_captures import OF_CAPTURES, STREAMS
from testbed.measure.tables.columns_media import RUNS
from testbed.measure.tables.schema import TABLES
from testbed.plain_text import say


@click.command()
@click.argument(
    "places",
    metavar="RUN_OR_FOLDER_OR_CAPTURE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
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
    type=click.Choice(list(dict.fromkeys([*TABLES, *OF_CAPTURES]))),
    help=f"Which table; docs/results.md has their columns [default: {RUNS.name}; of captures {STREAMS.name}].",
)
@selection_options("--user", "--number")
def export(places: tuple[Path, ...], *, out: Path, name: str | None, selection: Selection) -> None:
    """Write the results of runs, all that lie in or below these folders, as a table: Parquet or CSV.

    Of captures, or folders of captures, the streams, their packets or the SIP messages.
    """
    captures = [found for one in places for found in captures_at(one)]
    if captures:
        _export_captures(places, captures, out, name or STREAMS.name, selection)
        return
    _check_table(name, TABLES, "runs")
    if not selection.is_everything:
        raise click.UsageError("--call-id, --user, --from and --to are about captures: name no run folders.")
    count, runs, notes = tables.export(places, out, name or RUNS.name)
    for note in notes:
        say(f"note: {note}", err=True)
    say(f"{out}: {counted(count, 'row')} of {counted(runs, 'run')}")


def _export_captures(
    places: tuple[Path, ...], captures: list[Path], out: Path, name: str, selection: Selection
) -> None:
    runs = [one for one in places if not captures_at(one)]
    if runs:
        raise click.UsageError(f"{runs[0]} is no capture: runs and captures have different tables.")
    _check_table(name, OF_CAPTURES, "captures")
    count, warnings = tables.export_captures(captures, out, name, selection)
    for warning in warnings:
        say(f"warning: {warning}", err=True)
    say(f"{out}: {counted(count, 'row')} of {counted(len(captures), 'capture')}")


def _check_table(name: str | None, known: Mapping[str, TableSchema], what: str) -> None:
    if name is not None and name not in known:
        raise click.UsageError(f"{what} have no table {name}; possible are: {', '.join(known)}.")


def counted(count: int, what: str) -> str:
    """So many of these."""
    return f"{count} {what}{'' if count == 1 else 's'}"
