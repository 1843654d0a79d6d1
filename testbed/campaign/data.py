"""The data files of a campaign: one row for each run and direction, whoever carried the runs out, and when."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from testbed.campaign.store import Store
from testbed.measure.folder.records import Record
from testbed.measure.folder.run_folder import RESULT, read_document
from testbed.measure.tables.rows import run_rows, with_own_columns
from testbed.report.several.export import write

DATA = ("data.parquet", "data.csv")


class Records:
    """The runs of a campaign as records, read anew each time: ten thousand results are more than fits in memory."""

    def __init__(self, store: Store, keys: Sequence[str]) -> None:
        self._store = store
        self._keys = keys

    def __iter__(self) -> Iterator[Record]:
        for key in self._keys:
            folder = self._store.runs / key
            result = read_document(folder, RESULT) if (folder / RESULT).exists() else None
            yield Record(key, folder, read_document(folder), result)


def write_data(store: Store, keys: Sequence[str]) -> list[Path]:
    """Writes the files; the same runs give the same bytes."""
    records = Records(store, keys)
    schema = with_own_columns(records)
    files = [store.folder / name for name in DATA]
    for file in files:
        write(schema, run_rows(records, schema), file)
    return files
