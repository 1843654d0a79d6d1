"""Traces as they are published: their own columns, stamps and separators; the values that a link then has."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from testbed.scenario.links.excerpt import TraceExcerpt, changes
from testbed.scenario.links.forms import FORMS, Form
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
    path.write_text(text, encoding="utf-8", newline="")
    moments = TraceExcerpt(skip).of(path, PublishedTrace(path, Form(columns)).moments())
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


COLUMNS = {"time": "t [s]", "rate": "r [kbit/s]"}
TWO = [(0.0, "both", {"rate": 1.5e6}), (1.25, "both", {"rate": 250e3})]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("\ufefft,r\r\n10,1500\r\n11.25,250\r\n", COLUMNS, id="BOM, CRLF"),
        pytest.param("t,r\r10,1500\r11.25,250", COLUMNS, id="CR alone, no end of line"),
        pytest.param('"t", "r"\n"10", "1500"\n"11.25","250"\n', COLUMNS, id="quoted, spaces"),
        pytest.param("t;r;x\n10,0;1500;a,b\n11,25;250;\n", COLUMNS, id="decimal comma"),
        pytest.param("10,0;1500\n11,25;250\n", {"time": "#1 [s]", "rate": "#2 [kbit/s]"}, id="the same, no header"),
        pytest.param("t,a;b,r\n10,1,1500\n11.25,2,250\n", COLUMNS, id="another separator in the header"),
        pytest.param("\n\nt,r\n\n10,1500\n11.25,250\n", COLUMNS, id="empty lines"),
        pytest.param("t,r\n10,1500,,\n11.25,250,\n", COLUMNS, id="commas at the end"),
        pytest.param(
            "t (s),DL [kbps]\n10,1500\n11.25,250\n",
            {"time": "t (s) [s]", "rate": "DL [kbps] [kbit/s]"},
            id="units in the header",
        ),
        pytest.param("t,r\n10,1500\n10.5,NaN\n11,-\n11.1,n/a\n11.25,250\n", COLUMNS, id="not measured"),
        pytest.param("t,r\n10,187.5\n11.25,31.25\n", {"time": "t [s]", "rate": "r [kB/s]"}, id="bytes"),
        pytest.param("t,r\n10,1.5e3\n11.25,.25e3\n", COLUMNS, id="exponents"),
        pytest.param("10  1500 \n 11.25   250\n", {"time": "#1 [s]", "rate": "#2 [kbit/s]"}, id="spaces"),
        pytest.param("1576318590000000000,1500\n1576318591250000000,250\n",
                     {"time": "#1 [ns]", "rate": "#2 [kbit/s]"}, id="nanoseconds"),
        pytest.param("1500\n250\n", {"time": "every 1250 ms", "rate": "#1 [kbit/s]"}, id="no time"),
        pytest.param("14/Dec/2019:10:16:30.0 +0100,1500\n14/Dec/2019:09:16:31.25 +0000,250\n",
                     {"time": "#1 [%d/%b/%Y:%H:%M:%S.%f %z]", "rate": "#2 [kbit/s]"}, id="a form with zones"),
    ],
)  # fmt: skip
def test_what_loggers_write(text: str, columns: dict[str, str], tmp_path: Path) -> None:
    assert read(tmp_path, text, columns) == TWO


def test_packed_by_gzip_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "drive.csv"
    path.write_bytes(gzip.compress(b"t,r\n10,1500\n11.25,250\n"))
    assert [one.at for one in PublishedTrace(path, Form(COLUMNS)).moments()] == [0.0, 1.25]
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(BadScenarioError, match=r"is packed by gzip and damaged: .*; fetch it again"):
        list(PublishedTrace(path, Form(COLUMNS)).moments())


def moments(folder: Path, text: str, form: Form) -> Found:
    path = folder / "log"
    path.write_text(text, encoding="utf-8")
    return [(one.at, way, {name: value}) for one in PublishedTrace(path, form).moments()
            for (way, name), value in (one.values or {("both", "end"): 0.0}).items()]  # fmt: skip


def test_bytes_over_a_time_hold_for_that_time_before_the_stamp(tmp_path: Path) -> None:
    log = (
        "1289406399 5000 59.8 10.7 125000 1000\n1289406400 6500 59.8 10.7 0 1500\n1289406403 9000 59.8 10.7 250 1000\n"
    )
    assert moments(tmp_path, log, FORMS["riiser"].form) == [
        (0.0, "down", {"rate": 1e6}),
        (1.0, "down", {"rate": 0.0}),
        # From 2.5 s to 4 s nobody measured; it stays what it was.
        (4.0, "down", {"rate": 2e3}),
        (5.0, "both", {"end": 0.0}),
    ]


def test_what_was_measured_up_to_a_stamp_holds_from_the_one_before(tmp_path: Path) -> None:
    assert moments(tmp_path, "0.5\t4.0\n0.9\t3.0\n2.0\t2.5\n", FORMS["pensieve"].form) == [
        (0.0, "down", {"rate": 3e6}),
        (0.4, "down", {"rate": 2.5e6}),
        (1.5, "both", {"end": 0.0}),
    ]


def test_rows_of_other_runs_are_left_out(tmp_path: Path) -> None:
    text = "run,t,Mbps\n1,0,5\n2,0,1\n2,1,2\n3,0,9\n"
    form = Form({"time": "t [s]", "rate": "Mbps [Mbit/s]"}, where={"run": "2"})
    assert moments(tmp_path, text, form) == [(0.0, "both", {"rate": 1e6}), (1.0, "both", {"rate": 2e6})]


def test_phones_write_minus_200_dbm_for_nothing_heard(tmp_path: Path) -> None:
    text = "t,s\n0,-90\n1,-200\n2,-91\n"
    assert moments(tmp_path, text, Form({"time": "t [s]", "signal": "s [dBm]"})) == [
        (0.0, "both", {"signal": -90.0}),
        (1.0, "both", {"end": 0.0}),
        (2.0, "both", {"signal": -91.0}),
    ]


def test_rows_can_be_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("t,r\n1,10\n2,20\n1,30\n3,40\n")
    trace = PublishedTrace(path, Form(COLUMNS), sort=True)
    assert [(one.at, *one.values.values()) for one in trace.moments()] == [(0, 20e3), (1, 20e3), (2, 40e3)]


@pytest.mark.parametrize(
    ("text", "columns", "line", "said"),
    [
        ("t,r,r\n1,2,3\n", COLUMNS, 1, "columns.rate: there are 2 columns 'r' here; say which one: '#2'"),
        ("1,2\n", {"time": "#1 [s]", "rate": "#3 [kbit/s]"}, 1, "columns.rate: there is no column #3 here, but 2 of"),
        ("1,2\n3\n", {"time": "#1 [s]", "rate": "#2 [kbit/s]"}, 2, "1 cells where the first row has 2"),
        ("t,r\n1,2\n", {"time": "#1 [s]", "rate": "#2 [kbit/s]"}, 1, "#1: 't' is no number; is this a header? then"),
        ('t,r\n1,"1,5"\n', COLUMNS, 2, "r: '1,5' is no number"),
        ("t,r\n1,-5\n", COLUMNS, 2, "r: '-5 kbit/s' is no rate of a link"),
        ("t,b,d\n1,5,0\n", {"time": "t [s]", "rate": "b [B] / d [ms]"}, 2, "d: something came in no time; leave this"),
        ("t,b,d\n", {"time": "t [s]", "rate": "b [kbit/s] / d [ms]"}, 1, "'kbit/s' is no unit of it; it is in bit, kb"),
        ("t,r\n", {"time": "t [%H:%M %Z]", "rate": "r [kbit/s]"}, 1, "columns.time: %Z is read differently by each"),
        ("t,r\n", {"time": "every 0 s", "rate": "r [kbit/s]"}, 1, "columns.time: '0 s' is no time from row to row"),
        ("t,b,d\n1,9e20,1\n", {"time": "t [s]", "rate": "b [B] / d [ms]"}, 2, "b: '9e20' is less than nothing, or far"),
        ("t,b,d\n1,9e9,1\n", {"time": "t [s]", "rate": "b [B] / d [ms]"}, 2, "d: 7.2e+13 bit/s is no rate of a link"),
        ("t,r\n1e300,5\n", COLUMNS, 2, "t: '1e300' is no time"),
        ("t,r\n1,5\n1576318590500,5\n", COLUMNS, 3, "this is 1.57632e+12 s after the first row; a trace has at most"),
        ("t,r\n,5\n", COLUMNS, 2, "a row without time; leave it out, or write when this was"),
        ("t,r\n1,\u0663\n", COLUMNS, 2, "r: '\u0663' is no number"),
    ],
)  # fmt: skip
def test_more_mistakes(text: str, columns: dict[str, str], line: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadScenarioError) as refused:
        read(tmp_path, text, columns)
    assert str(refused.value).startswith(f"{tmp_path / 'drive.csv'}:{line}: ")
    assert said in str(refused.value)


def test_text_in_another_code_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"t,r\n1,2\n3,\xb5\n")
    with pytest.raises(BadScenarioError, match=r"log:3: this is not text; a trace in UTF-8 is needed"):
        list(PublishedTrace(path, Form(COLUMNS)).moments())


def test_a_part_of_it_begins_with_what_was_known_and_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("t,r\n0,10\n5,20\n6,30\n9,40\n12,bad\n")
    trace = PublishedTrace(path, Form(COLUMNS))
    found = TraceExcerpt(skip=4.0, lasts=2.0).of(path, trace.moments())
    assert [(one.at, *one.values.values()) for one in found] == [(0.0, 10e3), (1.0, 20e3), (2.0,)]
    path.write_text("t,r\n0,10\n5,20\n")
    with pytest.raises(BadScenarioError, match="log:3: this is the last row, and before 7 s; skip less"):
        list(TraceExcerpt(skip=7.0).of(path, trace.moments()))


def test_a_long_file_is_read_up_to_its_end_by_none_but_who_asks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("t,r\n" + "".join(f"{n},10\n" for n in range(300)))
    with pytest.raises(BadScenarioError, match="is too long; a trace of at most 1 kB is needed: cut out a part, with "):
        list(PublishedTrace(path, Form(COLUMNS), most_bytes=1024).moments())
    found = TraceExcerpt(lasts=20.0).of(path, PublishedTrace(path, Form(COLUMNS), most_bytes=1024).moments())
    assert [one.at for one in found][-2:] == [19.0, 20.0]
