"""What the columns of the tables of `testbed export` are, and those that all of them have; the tables are in `schema`.

A column with a `source` holds the field at that path of manifest.json or result.json, `{direction}` and the like filled
in; the others are told by the rows' maker (`rows`, `packet_rows`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from testbed.measure.numbers.number import Kind


class Column(NamedTuple):
    """`unit` is the one that the name ends or begins with; empty where there is none."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    source: str = ""


class TableSchema(NamedTuple):
    """`rows` says what one row is, and in what order they come."""

    name: str
    rows: str
    columns: tuple[Column, ...]


RUN = Column("run", "text", "", "the run's folder, within the deepest folder that holds all runs of the table")
SCHEME = Column("scheme", "text", "", "how the handover was done", "manifest.scheme")
SEED = Column("seed", "integer", "", "seed of all that is random", "manifest.seed")
DIRECTION = Column("direction", "text", "", "`to_mn`: what the CN sent, measured at the MN; `to_cn`: the other way")
WHO = (RUN, SCHEME, SEED)
