"""Traces as they are published: their own columns, stamps and separators; the values that a link then has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.links.excerpt import Excerpt, changes
from testbed.scenario.links.forms import Form
from testbed.scenario.links.published import PublishedTrace
from testbed.scenario.reading.errors import BadScenarioError

if TYPE_CHECKING:
    from pathlib import Path

RATES = {"time": "Timestamp [%Y.%m.%d_%H.%M.%S]", "down.rate": "DL_bitrate [kbit/s]", "signal": "RSRP [dBm]"}
DRIVE = """\
Timestamp,Speed,RSRP,DL_bitrate
2019.12.14_10.16.30,0,-96,0
2019.12.14_10.16.31,0,-95,4000
2019.12.14_10.16.31,0,-97,2000
2019.12.14_10.16.33,1,-,120
"""
Found = list[tuple[float, str, dict[str, float]]]


def read(folder: Path, text: str, columns: dict[str, str], at: float = 0.0, skip: float = 0.0) -> Found:
    path = folder / "drive.csv"
    path.write_text(text, encoding="utf-8")
    moments = Excerpt(skip).of(path, PublishedTrace(path, Form(columns)).moments())
    return [(one.at, one.direction, one.values) for one in changes((), "wifi", at, moments)]


def test_a_drive_with_date_stamps_no_rate_and_two_rows_in_a_second(tmp_path: Path) -> None:
    assert read(tmp_path, DRIVE, RATES, at=2.0) == [
        (2.0, "both", {"signal": -96.0}),
        (2.0, "down", {"rate": 0.0}),
        (3.0, "both", {"signal": -96.0}),
        (3.0, "down", {"rate": 3e6}),
        (5.0, "down", {"rate": 120e3}),
    ]


def test_its_beginning_can_be_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, DRIVE, RATES, at=2.0, skip=3.0) == [
        (2.0, "both", {"signal": -96.0}),
        (2.0, "down", {"rate": 120e3}),
    ]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param("t;r\n1576318590.5;1.5e3\n1576318591.75;250\n", "t [s]", id="epoch, semicolons"),
        pytest.param("t\tr\n1576318590500\t1500\n1576318591750\t250\n", "t [ms]", id="epoch in ms, tabs"),
        pytest.param("t,r\n2019-12-14T10:16:30.500Z,1500\n2019-12-14T11:16:31.750+01:00,250\n", "t [date]", id="zones"),
        pytest.param("t,r\n2019-03-31 02:59:59.5,1500\n2019-03-31 03:00:00.75,250\n", "t [date]", id="no summer time"),
    ],
)
def test_stamps_and_separators(text: str, time: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert read(tmp_path, text, {"time": time, "rate": "r [kbit/s]"}) == [
        (0.0, "both", {"rate": 1.5e6}), (1.25, "both", {"rate": 250e3}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "columns", "line", "said"),
    [
        (DRIVE, {"time": "Timestmp [s]", "rate": "DL_bitrate [kbit/s]"}, 1, "no column 'Timestmp' here; did you mean"),
        (DRIVE, {"time": "Timestamp [s]", "rate": "DL_bitrate [kbit/s]"}, 2, "Timestamp: '2019.12.14_10.16.30' is no"),
        (
            DRIVE,
            {"time": "Speed [s]", "rate": "DL_bitrate [kbps]"},
            1,
            "columns.rate: 'kbps' is no unit of it; it is in",
        ),
        (
            DRIVE,
            {"time": "Speed [s]", "rate": "DL_bitrate"},
            1,
            "columns.rate: 'DL_bitrate' has no unit; write it like",
        ),
        (DRIVE, {"time": "Speed [s]", "speed": "Speed [m/s]"}, 1, "columns: 'speed' is nothing that a link has"),
        (DRIVE.replace(",120", ",x"), RATES, 5, "DL_bitrate: 'x' is no number"),
        (DRIVE.replace(".33,1", ".29,1"), RATES, 5, "time goes back here, by 2 s; sort the rows"),
        (DRIVE.replace(",1,-", ",-"), RATES, 5, "3 cells where the header has 4"),
        ("", RATES, 1, "the trace is empty"),
    ],
)
def test_mistakes_have_file_line_and_what_would_be_right(
    text: str, columns: dict[str, str], line: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadScenarioError) as refused:
        read(tmp_path, text, columns)
    assert str(refused.value).startswith(f"{tmp_path / 'drive.csv'}:{line}: ")
    assert said in str(refused.value)
