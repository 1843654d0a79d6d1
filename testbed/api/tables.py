"""The numbers of many runs as tables: polars frames, Parquet, CSV (docs/results.md)."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.api.errors import OutputError
from testbed.api.places_of_runs import InFolder, folder_of
from testbed.measure.folder.records import Record, read_records
from testbed.measure.selection.selection import EVERYTHING, Selection
from testbed.measure.tables.capture_rows import rows_of_capture
from testbed.measure.tables.columns_captures import OF_CAPTURES, STREAMS
from testbed.measure.tables.columns_media import PACKETS, RUNS
from testbed.measure.tables.rows import ROWS, run_rows, with_own_columns, without_column
from testbed.measure.tables.schema import TABLES
from testbed.report.several import export as files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polars import DataFrame

    from testbed.measure.tables.columns import TableSchema

MOST_NAMED = 5


def frame(runs: Iterable[InFolder | Path | str], table: str = "runs") -> DataFrame:
    """A polars frame of runs, each a `Run`, or a folder in or below which there are some.

    Raises ValueError for a table that there is not, RunFolderError for runs that can't be read.
    """
    known(table)
    records = _records(runs)
    schema = schema_of(table, records)
    return files.frame(schema, rows_of(table, records, schema))


def export(runs: Iterable[InFolder | Path | str], out: Path | str, table: str = "runs") -> tuple[int, int, list[str]]:
    """Writes a table as `out` ends, .parquet or .csv; returns how many rows of how many runs, and what is not in them.

    Raises OutputError for a file that can't be written, and what `frame` raises.
    """
    path = writable(out)
    known(table)
    records = _records(runs)
    schema = schema_of(table, records)
    count = files.write(schema, rows_of(table, records, schema), path)
    return count, len(records), list(notes(records))


def export_captures(
    captures: Iterable[Path], out: Path | str, table: str = STREAMS.name, selection: Selection = EVERYTHING
) -> tuple[int, list[str]]:
    """Writes a table of captures that are of no run; returns how many rows it has, and what to look twice at.

    Raises OutputError for a file that can't be written, CaptureError for a capture that can't be read.
    """
    path = writable(out)
    warnings: list[str] = []
    rows = chain.from_iterable(rows_of_capture(one, table, selection, warnings) for one in captures)
    return files.write(OF_CAPTURES[table], rows, path), warnings


def writable(out: Path | str) -> Path:
    """The file to write; raises OutputError where it can't be written."""
    path = Path(out)
    if path.suffix not in files.SUFFIXES:
        raise OutputError(path, f"should end with {' or '.join(files.SUFFIXES)}")
    if not path.parent.is_dir():
        raise OutputError(path, f"can't be written: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise OutputError(path, "is no file; name one that may be written over")
    return path


def known(table: str) -> str:
    """The table's name; raises ValueError where there is no such table."""
    if table not in TABLES:
        raise ValueError(f"there is no table {table!r}; possible are: {', '.join(TABLES)}")
    return table


def schema_of(table: str, records: list[Record]) -> TableSchema:
    """The columns of a table; that of runs has what was varied, and numbers that users brought, besides."""
    return with_own_columns(records) if table == RUNS.name else TABLES[table]


def rows_of(table: str, records: list[Record], schema: TableSchema) -> Iterator[tuple[Any, ...]]:
    """The rows of one table."""
    if table == RUNS.name:
        return run_rows(records, schema)
    if table == PACKETS.name:
        from testbed.measure.tables.packet_rows import packet_rows  # noqa: PLC0415 - the only table made of captures

        return packet_rows(records)
    return ROWS[table](records)


def notes(records: list[Record]) -> Iterator[str]:
    """What of these runs no table has."""
    for record in records:
        if record.result is None:
            yield f"{record.folder} has no result.json: {record.status}; there are no numbers of it"
    unknown = dict.fromkeys(field for record in records for field in without_column(record))
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        yield f"no column has {', '.join(islice(unknown, MOST_NAMED))}{more} of result.json"


def _records(runs: Iterable[InFolder | Path | str]) -> list[Record]:
    return read_records([folder_of(one) for one in runs])
