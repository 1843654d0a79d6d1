"""The rows of the tables that `testbed export` makes of run folders, all but those of packets (see `packet_rows`).

A row has one value for each column of its table (`columns`), in that order; what was not measured is None.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from testbed.measure.tables.columns import Column
from testbed.measure.tables.columns_media import HANDOVERS, PATHS, PHASES, RADIOS, RUNS, SILENCES, SWITCHES, TRAFFIC
from testbed.measure.tables.columns_protocols import DIALOGS, MESSAGES, REPORTS, RTCP, TRANSACTIONS
from testbed.measure.tables.schema import LEFT_OUT, TABLES
from testbed.measure.tables.varied import VARIED, varied_column, varied_of, varied_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from testbed.measure.folder.records import Record
    from testbed.measure.tables.columns import TableSchema

Row = tuple[Any, ...]
DIRECTIONS = ("to_mn", "to_cn")
PHASES_MS, ATTACH_MS = "result.handovers.{number}.phases_ms", "result.handovers.{number}.attach_ms"
COUNTS = {"request": "result.signalling.requests", "response": "result.signalling.responses"}
BETWEEN_WARNINGS = " | "
USERS = "user_"
"""What the columns of users' numbers begin with."""


def run_rows(records: Iterable[Record], table: TableSchema = RUNS) -> Iterator[Row]:
    """Yield a row for each run and direction; `table` is that of runs, with columns of its own (`with_own_columns`)."""
    own = table.columns[len(RUNS.columns) :]
    users = [column.name for column in own if column.name.startswith(USERS)]
    varied = [column for column in own if column.name.startswith(VARIED)]
    for record in records:
        warnings = record.warnings
        told: dict[str, Any] = {"warnings": len(warnings), "warnings_text": BETWEEN_WARNINGS.join(warnings) or None}
        told |= {column.name: varied_value(record, column) for column in varied}
        for direction in DIRECTIONS:
            numbers = {name: _users(record, name.removeprefix(USERS), direction) for name in users}
            yield _row(table, record, {**told, **numbers, "direction": direction}, direction=direction)


def with_own_columns(records: Iterable[Record]) -> TableSchema:
    """Return the table of runs with a column for each field that was varied, then for each number of a user's."""
    keys: dict[str, None] = {}
    values: dict[str, set[str]] = {}
    for record in records:
        keys |= dict.fromkeys(record.keys("result.numbers"))
        for name, value in varied_of(record).items():
            values.setdefault(name, set()).add(value)
    columns = [varied_column(name, one) for name, one in values.items()]
    columns += [Column(f"{USERS}{key}", "number", "1", "a number that the user brought") for key in keys]
    return RUNS._replace(columns=(*RUNS.columns, *columns))


def _users(record: Record, key: str, direction: str) -> float | None:
    """Return a user's number of a direction; one of the whole run stands in both of its rows."""
    value = None if record.result is None else (record.result.get("numbers") or {}).get(key)
    path = "result.numbers.{key}.{direction}" if isinstance(value, dict) else "result.numbers.{key}"
    found: float | None = record.get(path, "number", key=key, direction=direction)
    return found


def handover_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each handover and direction."""
    for record in map(_with_handovers, records):
        for number in record.keys("result.handovers"):
            for direction in DIRECTIONS:
                told = {"number": int(number), "direction": direction}
                yield _row(HANDOVERS, record, told, number=number, direction=direction)


def phase_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each phase, and each part of attaching, of each handover."""
    for record in map(_with_handovers, records):
        for number in record.keys("result.handovers"):
            for phase in record.keys(PHASES_MS, number=number):
                parts = record.keys(ATTACH_MS, number=number) if phase == "attach" else []
                took = record.get(f"{PHASES_MS}.{{phase}}", "number", number=number, phase=phase)
                told = {"number": int(number), "phase": phase, "part": None, "duration_ms": took}
                yield _row(PHASES, record, told)
                for part in parts:
                    took = record.get(f"{ATTACH_MS}.{{part}}", "number", number=number, part=part)
                    yield _row(PHASES, record, {**told, "part": part, "duration_ms": took})


def _with_handovers(record: Record) -> Record:
    """Return a run with the list of its handovers; results had only the first one, before there was a list."""
    first = record.get("result.handover", "object")
    if record.result is None or "handovers" in record.result or first is None:
        return record
    return replace(record, result={**record.result, "handovers": [first]})


def path_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each run, direction and link."""
    for record in records:
        for direction in DIRECTIONS:
            for path in record.keys("result.media.{direction}.paths", direction=direction):
                told = {"direction": direction, "path": path}
                yield _row(PATHS, record, told, **told)


def radio_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each run and link."""
    for record in records:
        for path in record.keys("result.cost.radios"):
            yield _row(RADIOS, record, {"path": path}, path=path)


def traffic_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each flow beside the call."""
    for record in records:
        for number in record.keys("result.traffic"):
            yield _row(TRAFFIC, record, {"number": int(number)}, number=number)


def silence_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each silence that an end took for a break."""
    for record in records:
        for number in record.keys("result.standby.silences"):
            yield _row(SILENCES, record, {"number": int(number)}, number=number)


def switch_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each end of the call that went over to a dialog that stood by."""
    for record in records:
        for number in record.keys("result.standby.switches"):
            yield _row(SWITCHES, record, {"number": int(number)}, number=number)


def transaction_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each SIP transaction of each run."""
    for record in records:
        for number in record.keys("result.transactions"):
            yield _row(TRANSACTIONS, record, {"number": int(number)}, number=number)


def message_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each kind of SIP message."""
    for record in records:
        for kind, where in COUNTS.items():
            for name in record.keys(where):
                count = record.get(f"{where}.{{name}}", "integer", name=name)
                yield _row(MESSAGES, record, {"kind": kind, "name": name, "messages": count})


def dialog_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each SIP dialog of each run."""
    for record in records:
        for place in record.keys("result.dialogs"):
            where = "result.dialogs.{place}.refusals"
            refusals = [
                record.get(f"{where}.{{number}}", "integer", place=place, number=number)
                for number in record.keys(where, place=place)
            ]
            told = {"refusals": " ".join(str(one) for one in refusals) or None}
            yield _row(DIALOGS, record, told, place=place)


def rtcp_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each run, direction and link of which RTCP spoke."""
    for record in records:
        for told in _reported(record):
            yield _row(RTCP, record, told, **told)


def report_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each RTCP report block of each run."""
    for record in records:
        for told in _reported(record):
            for place in record.keys("result.media.{direction}.rtcp.{path}.history", **told):
                yield _row(REPORTS, record, dict(told), place=place, **told)


def _reported(record: Record) -> Iterator[dict[str, str]]:
    for direction in DIRECTIONS:
        where = "result.media.{direction}.rtcp"
        for path in record.keys(where, direction=direction):
            if record.get(f"{where}.{{path}}", "object", direction=direction, path=path) is not None:
                yield {"direction": direction, "path": path}


ROWS: dict[str, Callable[[Iterable[Record]], Iterator[Row]]] = {
    RUNS.name: run_rows,
    HANDOVERS.name: handover_rows,
    PHASES.name: phase_rows,
    PATHS.name: path_rows,
    RADIOS.name: radio_rows,
    TRAFFIC.name: traffic_rows,
    SILENCES.name: silence_rows,
    SWITCHES.name: switch_rows,
    TRANSACTIONS.name: transaction_rows,
    MESSAGES.name: message_rows,
    DIALOGS.name: dialog_rows,
    RTCP.name: rtcp_rows,
    REPORTS.name: report_rows,
}


def _row(table: TableSchema, record: Record, told: Mapping[str, Any], /, **filled: str) -> Row:
    told = {"run": record.name, **told}
    return tuple(
        record.get(column.source, column.kind, **filled) if column.source else told[column.name]
        for column in table.columns
    )


def without_column(record: Record) -> list[str]:
    """Return the fields of a run's result.json that no column of any table has: those of a testbed that knows more."""
    sources = [column.source.split(".")[1:] for table in TABLES.values() for column in table.columns]
    known = [
        *sources,
        *([*path.split(".")[1:], "{part}"] for path in (*COUNTS.values(), PHASES_MS, ATTACH_MS)),
        *(["handover", name, "{part}"] for name in ("phases_ms", "attach_ms")),
        ["dialogs", "{place}", "refusals"],
        ["numbers", "{key}", "{direction}"],
        *([name] for name in ("schema_version", "scheme", "seed", "engine", "reproducible", "warnings")),
    ]
    left = [path.split(".") for path in LEFT_OUT]
    return [
        ".".join(leaf)
        for leaf in _leaves(record.result or {})
        if not any(_is(leaf, one) for one in known) and not any(_is(leaf[: len(one)], one) for one in left)
    ]


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
