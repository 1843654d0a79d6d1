"""The register: every number of a result is a row of it, and every row says all that pages, tables and docs need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_run
from testbed.measure.numbers.handover_numbers import HANDOVER, PHASES
from testbed.measure.numbers.media_numbers import MEDIA, WINDOW
from testbed.measure.numbers.number import Number, by_key, fill
from testbed.measure.numbers.signalling_numbers import SIGNALLING
from testbed.measure.tables.schema import TABLES
from testbed.report import terminal
from tests.documented import DOCS, REGISTER, keys
from tests.measure import synthetic
from tests.rules import modules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [(where, one) for where, rows in REGISTER.items() for one in rows.values()]
NO_COLUMN = {f"handover.phases_ms.{name}" for name in ("detect", "attach", "address", "signalling", "media")}
"""These are rows of a table of their own."""
BY_OTHER_NAMES = ("attach_ms.", "requests.", "responses.", "rtcp.", "paths.", "window_s.", "media.", "signalling.")
"""Parts whose names vary, or that have a table of their own."""


@pytest.mark.parametrize("where", REGISTER)
def test_docs_metrics_has_the_rows_as_they_are(where: str) -> None:
    text = (DOCS / "metrics.md").read_text()
    assert keys(where) in text, f"python -m tests.documented writes into docs/metrics.md:\n\n{keys(where)}"


@pytest.mark.parametrize(("where", "one"), ROWS, ids=[where + one.key for where, one in ROWS])
def test_a_number_has_its_unit_a_line_and_a_column(where: str, one: Number[Any]) -> None:
    assert bool(one.unit) == (one.kind in {"integer", "number"}), "a number has a unit: ms, packets, 1"
    assert one.about, "say in one line what it is"
    assert "\n" not in one.about + one.more
    assert not one.about.endswith("."), "pages and tables go on behind it"
    assert (one.column is None) == (where + one.key in NO_COLUMN), "name the column of the export that has it"


def test_every_column_of_the_register_is_in_a_table_once() -> None:
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name
    known = {
        column.name
        for name in ("runs", "handovers", "paths", "radios", "traffic", "silences", "switches")
        for column in TABLES[name].columns
    }
    assert {one.column for _, one in ROWS} - {None} <= known


def test_no_report_has_a_number_s_name_of_its_own() -> None:
    names = {one.key for rows in (MEDIA, HANDOVER, SIGNALLING) for one in rows.values() if one.key.endswith("_ms")}
    names -= {"jitter_ms", "delay_ms"}  # of streams and of links' settings, too
    of_any_capture = ("testbed.report.streams_table", "testbed.report.one_capture")
    found = [
        f"{module.path}:{line} says '{text}': take the row from testbed/measure/numbers"
        for module in modules()
        if module.is_in("testbed.report") and not module.is_in(*of_any_capture)
        for text, line in module.strings()
        if text in names
    ]
    assert not found, "\n".join(found)


def test_terminals_name_the_phases_that_there_are() -> None:
    assert tuple(PHASES) == terminal.PHASES


def leaves(value: dict[str, Any], name: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from leaves(inner, f"{name}{key}.")
        else:
            yield name + key


def test_every_number_of_a_result_is_a_row(tmp_path: Path) -> None:
    result = measure_run(synthetic.handover_cn_run().write(tmp_path / "run"))
    parts: dict[str, dict[str, Any]] = {
        "media.….": result["media"]["to_mn"],
        "media.….paths.….": result["media"]["to_mn"]["paths"]["wifi"],
        "handover.": result["handover"],
        "handover.window_s.….": result["handover"]["window_s"]["to_cn"],
        "signalling.": result["signalling"],
        "handovers.….signalling.": result["handovers"][0]["signalling"],
    }
    for where, part in parts.items():
        found = [name for name in leaves(part) if not name.startswith(BY_OTHER_NAMES) and name not in {"attach_ms"}]
        wanted = [one for one in REGISTER[where] if not one.startswith(("question.", "mobility."))]
        assert [name for name in found if name not in {"question", "mobility"}] == wanted, where
    assert list(leaves(result["handovers"][0]["media"]["to_mn"])) == [one.key for one in WINDOW]


def test_a_part_that_there_is_not_is_null_as_a_whole() -> None:
    rows = [
        Number[int]("a.b", "integer", "1", "b", "b", lambda one: one),
        Number[int]("a.c.d", "integer", "1", "d", "d", lambda one: one + 1),
        Number[int]("e", "integer", "1", "e", "e", lambda one: one + 2),
    ]
    assert fill(rows, 1) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    assert fill(rows, 1, {"a": None}) == {"a": None, "e": 3}
    with pytest.raises(ValueError, match="two numbers are called e"):
        by_key([*rows, Number[int]("e", "integer", "1", "e", "again", lambda one: one)])
