"""Results as objects: every number of result.json has its attribute, and one that was not measured is None."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.measure import measure_capture, measure_run, to_json
from testbed.measure.numbers.typed_signalling import Numbers
from testbed.measure.result.typed import RunResult, typed
from testbed.measure.tables.schema import TABLES
from tests.measure import synthetic

from .attributes import unnamed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A measured run."""
    made = synthetic.plain_run().write(tmp_path_factory.mktemp("runs") / "run")
    (made / "result.json").write_text(to_json(measure_run(made)))
    return made


def test_every_number_of_a_result_has_an_attribute(folder: Path) -> None:
    run = testbed.Run(folder)
    assert not unnamed(run.result), "add these to testbed/measure/result/typed.py"
    assert run.result.model_dump(exclude_unset=True) == run.numbers
    assert run.measure() == run.result


def test_every_number_of_a_capture_has_an_attribute(folder: Path) -> None:
    capture = folder / "run.pcapng"
    result = testbed.measure(capture)
    assert isinstance(result, testbed.CaptureResult)
    assert not unnamed(result)
    assert result.model_dump(exclude_unset=True) == measure_capture(capture)


def test_statistics_of_runs_are_rows_and_a_width_is_above_0(folder: Path) -> None:
    runs = testbed.Runs.below(folder)
    assert {one["runs"] for one in runs.statistics()["interrupted"]} == {1}
    with pytest.raises(ValueError, match=r"wanted_ms is 0\.0; it should be above 0"):
        runs.statistics(0.0)


def test_measure_takes_a_run_folder_and_stays_a_package(folder: Path) -> None:
    result = testbed.measure(folder)
    assert isinstance(result, testbed.RunResult)
    assert result.media.to_mn.sent == synthetic.PACKETS
    assert sys.modules["testbed.measure"] is testbed.measure  # type: ignore[comparison-overlap]


def test_every_column_that_names_a_field_of_the_result_names_an_attribute() -> None:
    for table in TABLES.values():
        for column in table.columns:
            where, *steps = column.source.split(".")
            if where == "result":
                assert reached(RunResult, steps), f"{column.source}: add it to testbed/measure/result/typed.py"


def reached(kind: object, steps: list[str]) -> bool:
    """Whether the attributes of a type lead so far; `{…}` is a step into a dictionary, a list, or a direction."""
    for step in ("to_mn" if step == "{direction}" else step for step in steps):
        found = [one.model_fields[step].annotation for one in inner_models(kind) if step in one.model_fields]
        if not found:
            return step.startswith("{") or "dict" in str(kind)
        kind = found[0]
    return True


def inner_models(kind: object) -> list[type[Numbers]]:
    """The models within a type expression."""
    if isinstance(kind, type) and issubclass(kind, Numbers):
        return [kind]
    return [one for part in getattr(kind, "__args__", ()) for one in inner_models(part)]


def test_what_is_not_there_is_none() -> None:
    result = typed(RunResult, {"schema_version": 1}, Path("result.json"))
    assert result.handover is None
    assert result.media.to_cn.delay_ms.p99 is None
    assert result.signalling.setup_ms is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"schema_version": 1, "media": {"to_mn": {"lost": "many"}}}, "media.to_mn.lost is 'many'"),
        ({"schema_version": 1, "handovers": [{"delay_ms": []}]}, r"handovers.0.delay_ms is \[\]"),
    ],
)
def test_number_of_another_type_is_named(content: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 1}')
    (tmp_path / "result.json").write_text(json.dumps(content))
    with pytest.raises(testbed.RunFolderError, match=f"result.json: {said}"):
        _ = testbed.Run(tmp_path).result


def test_a_user_s_own_number_can_be_reached() -> None:
    result = typed(RunResult, {"schema_version": 1, "mine": {"my_ms": 3.5}}, Path("result.json"))
    assert result.model_extra == {"mine": {"my_ms": 3.5}}


@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_is_a_frame(table: str, folder: Path) -> None:
    frame = testbed.Run(folder).frame(table)
    assert frame.columns == [column.name for column in TABLES[table].columns]
    assert frame.equals(testbed.frame([folder], table))
