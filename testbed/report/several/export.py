"""Tables of many runs as Parquet or CSV files, by polars: typed as `columns` says, null where nothing was measured.

The same rows give the same bytes, with the same version of polars: no clock, no order of threads. The schema's names
and versions stand in a Parquet file's own metadata, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from polars import DataFrame

    from testbed.measure.tables.columns import TableSchema

SUFFIXES = (".parquet", ".csv")


def frame(table: TableSchema, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """Return rows as a data frame with the table's columns."""
    import polars  # noqa: PLC0415 - 0.1 s and 100 MB that other commands don't need

    types = {"text": polars.String, "integer": polars.Int64, "number": polars.Float64, "truth": polars.Boolean}
    floats = [column.kind == "number" for column in table.columns]
    converted = [
        tuple(float(value) if is_float and value is not None else value for value, is_float in zip(row, floats))  # noqa: B905
        for row in rows
    ]
    return polars.DataFrame(
        converted, schema={column.name: types[column.kind] for column in table.columns}, orient="row", strict=True
    )


def write(table: TableSchema, rows: Iterable[tuple[Any, ...]], path: Path) -> int:
    """Write rows as the file's suffix says (`SUFFIXES`), and return how many there are."""
    made = frame(table, rows)
    if path.suffix == ".csv":
        made.write_csv(path)
    else:
        # One thread's order: row groups of a fixed size, and nothing that depends on the machine.
        made.write_parquet(path, compression="zstd", row_group_size=1 << 17, metadata={"testbed.table": table.name})
    return made.height
