"""Tracks: numbers as loggers write them, times that mean the same on every machine, and broken files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from testbed.scenario.kinds.positions import load_track
from testbed.scenario.reading.errors import BadScenarioError

if TYPE_CHECKING:
    from pathlib import Path

HEADING = "time_s,latitude,longitude\n0,59,11\n"
UNCLOSED = "a quotation mark is not closed; close it on the same line, or leave it out"
LIKE = "write time_s, latitude, longitude as numbers, like 12.5,59.9139,10.7522"


def gpx(*times: str) -> str:
    points = "".join(f'<trkpt lat="59" lon="11">\n<time>{one}</time></trkpt>\n' for one in times)
    return f"<gpx><trk><trkseg>\n{points}</trkseg></trk></gpx>"


@pytest.mark.parametrize(
    "row", ["12.5,59.1,11", " 12.5 , +59.1, 1.1e1", '"12.5","59.1",11', "12.5,59.1,11\r", "12.5,59.1,11."]
)
def test_numbers_as_loggers_write_them(row: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"\ufeff# by hand\n{HEADING}\n{row}\n", newline="")
    assert load_track(tmp_path / "t.csv") == [(0.0, 59.0, 11.0), (12.5, 59.1, 11.0)]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("1_0,59,11", f"'1_0,59,11' is no point; {LIKE}"),
        ("٣١,59,11", f"'٣١,59,11' is no point; {LIKE}"),
        ("inf,59,11", f"'inf,59,11' is no point; {LIKE}"),
        ("0x1,59,11", f"'0x1,59,11' is no point; {LIKE}"),
        ("1,59", f"'1,59' is no point; {LIKE}"),
        ("1" * 140_000 + ",59,11", "a cell of more than 1000 characters; write numbers like 12.5"),
        ('"' + "x" * 140_000, UNCLOSED),
        ('1,59,"11', UNCLOSED),
    ],
)
def test_what_is_no_point(row: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEADING + row + "\n")
    with pytest.raises(BadScenarioError) as caught:
        load_track(path)
    assert str(caught.value) == f"{path}:3: {what}"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("suffix", ["", "Z", "+00:00"])
def test_a_time_without_a_zone_is_utc_whatever_this_machine_s(
    zone: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Berlin these two are 20 s apart on the clock of the wall, across the change to summer time."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    (tmp_path / "t.gpx").write_text(gpx(f"2026-03-29T01:59:50{suffix}", "2026-03-29T02:59:10Z"))
    assert [fix.at for fix in load_track(tmp_path / "t.gpx")] == [0.0, 3560.0]
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (gpx("2026-01-01T12:00:00Z", "٢٠٢٦-01-01T12:00:01Z"), 4, "this point has no time; write <time>2026-"),
        (gpx("2026-01-01T12:00:00Z").replace('"59"', '"5_9"'), 2, "this point has no place; write <trkpt lat="),
        (gpx("2026-01-01T12:00:00Z").replace('"59"', '"nan"'), 2, "this point has no place; write <trkpt lat="),
        (gpx("\n" * 200_000), 2, "this point has no time; write <time>2026-"),
    ],
)
def test_a_broken_gpx(text: str, line: int, what: str, tmp_path: Path) -> None:
    (tmp_path / "t.gpx").write_text(text)
    with pytest.raises(BadScenarioError) as caught:
        load_track(tmp_path / "t.gpx")
    assert str(caught.value).startswith(f"{tmp_path}/t.gpx:{line}: {what}")
