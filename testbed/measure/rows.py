"""The rows of the tables that `testbed export` makes of run folders, all but those of packets (see `packet_rows`).

A row has one value for each column of its table (`columns`), in that order; what was not measured is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.columns import PATHS, PHASES, RUNS, TABLES, TRANSACTIONS, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from testbed.measure.records import Record

Row = tuple[Any, ...]
DIRECTIONS = ("to_mn", "to_cn")
PHASES_MS, ATTACH_MS = "result.handover.phases_ms", "result.handover.attach_ms"
BETWEEN_WARNINGS = " | "


def run_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each run and direction."""
    for record in records:
        warnings = record.warnings
        told = {"warnings": len(warnings), "warnings_text": BETWEEN_WARNINGS.join(warnings) or None}
        for direction in DIRECTIONS:
            yield _row(RUNS, record, {**told, "direction": direction}, direction=direction)


def phase_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each phase, and each part of attaching, of each run's handover."""
    for record in records:
        for phase in record.keys(PHASES_MS):
            took = record.get(f"{PHASES_MS}.{{phase}}", "number", phase=phase)
            yield _row(PHASES, record, {"phase": phase, "part": None, "duration_ms": took})
            for part in record.keys(ATTACH_MS) if phase == "attach" else ():
                took = record.get(f"{ATTACH_MS}.{{part}}", "number", part=part)
                yield _row(PHASES, record, {"phase": phase, "part": part, "duration_ms": took})


def path_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each run, direction and link."""
    for record in records:
        for direction in DIRECTIONS:
            for path in record.keys("result.media.{direction}.paths", direction=direction):
                told = {"direction": direction, "path": path}
                yield _row(PATHS, record, told, **told)


def transaction_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each SIP transaction of each run."""
    for record in records:
        for number in record.keys("result.transactions"):
            yield _row(TRANSACTIONS, record, {"number": int(number)}, number=number)


ROWS: dict[str, Callable[[Iterable[Record]], Iterator[Row]]] = {
    RUNS.name: run_rows,
    PHASES.name: phase_rows,
    PATHS.name: path_rows,
    TRANSACTIONS.name: transaction_rows,
}


def _row(table: Table, record: Record, told: dict[str, Any], /, **filled: str) -> Row:
    told = {"run": record.name, **told}
    return tuple(
        record.get(column.source, column.kind, **filled) if column.source else told[column.name]
        for column in table.columns
    )


def without_column(record: Record) -> list[str]:
    """Return the fields of a run's result.json that no column of any table has: those of a testbed that knows more."""
    sources = [column.source.split(".")[1:] for table in TABLES.values() for column in table.columns]
    known = [*sources, ["handover", "phases_ms", "{phase}"], ["handover", "attach_ms", "{part}"], ["warnings"],
             ["schema_version"], ["scheme"], ["seed"], ["engine"], ["reproducible"]]  # fmt: skip
    return [".".join(leaf) for leaf in _leaves(record.result or {}) if not any(_is(leaf, one) for one in known)]


def _leaves(value: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the path of every field that is no object; a list's items count as fields when they are objects."""
    for name, inner in value.items():
        if isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
            inner = {str(number): one for number, one in enumerate(inner)}  # noqa: PLW2901
        if isinstance(inner, dict):
            yield from ([name, *rest] for rest in _leaves(inner))
        else:
            yield [name]


def _is(leaf: list[str], source: list[str]) -> bool:
    """Whether a field is one that a source names; an object that is null stands for all of its fields."""
    same = all(part == name or part.startswith("{") for name, part in zip(leaf, source, strict=False))
    return same and len(leaf) <= len(source)
