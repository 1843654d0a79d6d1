"""`testbed trace`: a look at a recording, and the same in another form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

DRIVE = (
    "Timestamp,RSRP,DL_bitrate\n2019.12.14_10.16.30,-96,3000\n2019.12.14_10.16.31,-95,0\n2019.12.14_10.16.33,-97,600\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_show_says_in_a_few_lines_what_is_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "drive.csv").write_text(DRIVE)
    (here / "drive.down").write_text("4\n8\n508\n1000\n")
    main(["trace", "show", "drive.csv", "drive.down"])
    assert capsys.readouterr().out.splitlines() == [
        "drive.csv: ucc: 3 rows, 5.000 s",
        "  down.rate   mean 0.84 Mbit/s, from 0 to 3",
        "              nothing passes for 2.000 s in 1 stretch, the longest 2.000 s, from 1.000 s on",
        "  signal      mean -96 dBm, from -97 to -95",
        "  no row      for 2.000 s at most, from 1.000 s on",
        "drive.down: mahimahi: 4 packets can leave, 1.000 s",
        "  rate        mean 48 kbit/s, from 36 to 36",
        "              nothing passes for 0.992 s in 2 stretches, the longest 0.500 s, from 0.008 s on",
    ]


def test_show_as_json_has_the_same_in_base_units(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "drive.csv").write_text(DRIVE)
    main(["trace", "show", "drive.csv", "--json"])
    alone = json.loads(capsys.readouterr().out)
    nothing = {"count": 0, "total_s": 0.0, "longest_s": 0.0, "longest_at_s": 0.0}
    stretch = {"count": 1, "total_s": 2.0, "longest_s": 2.0, "longest_at_s": 1.0}
    assert alone == {
        "file": "drive.csv", "kind": "ucc", "rows": 3, "times": 3, "lasts_s": 5.0,
        "longest_step_s": 2.0, "longest_step_at_s": 1.0,
        "quantities": {
            "down.rate": {"least": 0.0, "most": 3e6, "mean": 840_000.0, "quiet": stretch},
            "signal": {"least": -97.0, "most": -95.0, "mean": -96.0, "quiet": nothing},
        },
    }  # fmt: skip
    (here / "drive.down").write_text("4\n8\n508\n1000\n")
    main(["trace", "show", "drive.csv", "drive.down", "--json"])
    both = json.loads(capsys.readouterr().out)
    assert (both[0], both[1]["kind"], both[1]["quantities"]["rate"]["quiet"]["count"]) == (alone, "mahimahi", 2)


def test_convert_writes_beside_and_says_what_is_lost(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "drive.csv").write_text(DRIVE)
    main(["trace", "convert", "drive.csv", "--to", "mahimahi", "--direction", "down", "--for", "1s"])
    assert (here / "drive.down").read_text().splitlines()[-2:] == ["996", "1000"]
    assert capsys.readouterr().out.splitlines() == [
        "drive.down: 250 lines",
        "  lost: the part of a millisecond: chances are at the next whole one",
        "  lost: signal: Mahimahi knows rates of one direction",
    ]
    main(["trace", "convert", "drive.down", "--to", "csv", "--every", "500ms", "--out", "again.csv"])
    assert (here / "again.csv").read_text() == "time [s], rate [kbit/s]\n0, 2976\n0.5, 3024\n"


def test_columns_can_be_told(here: Path) -> None:
    (here / "log").write_text("1 100 9\n2 100 9\n1 101 7\n1 100.5 8\n")
    columns = ["--column", "time=#2 [s]", "--column", "up.rate=#3 [Mbit/s]", "--where", "#1=1", "--sort"]
    main(["trace", "convert", "log", "--to", "csv", "--stamped", "end", *columns])
    assert (here / "log.csv").read_text() == "time [s], up.rate [kbit/s]\n0, 8000\n0.5, 7000\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["convert", "drive.csv", "--to", "csv", "--out", "drive.csv"], "drive.csv is there already; name another one"),
        (["convert", "drive.csv", "--to", "csv", "--out", "no/drive"], "no/drive cannot be written: No such file or d"),
        (["convert", "drive.csv", "--to", "csv", "--skip", "3"], "'3' has no unit; a time is written like 75 ms"),
        (["convert", "drive.csv", "--to", "csv", "--for", "0s"], "nothing is left of a trace in 0 s"),
        (["convert", "drive.csv", "--to", "csv", "--every", "0s"], "--every is the time for which one rate stands"),
        (["convert", "t.down", "--to", "csv", "--sort"], "t.down has neither form nor columns; leave --where, --st"),
        (["show", "drive.csv", "--column", "time"], "--column 'time' has no '='; write it like: --column NAME=COLUMN"),
        (["show", "drive.csv", "--form", "ucc", "--column", "time=t"], "--form says which column is what; leave"),
        (["show", "none.csv"], "none.csv: cannot be read: No such file or directory; name a file that you may read"),
        (["show", "t.down", "--form", "ucc"], "t.down:1: columns.time: there is no column 'Timestamp' here"),
    ],
)
def test_mistakes_are_one_line_and_2(
    here: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "drive.csv").write_text(DRIVE)
    (here / "t.down").write_text("5\n")
    with pytest.raises(SystemExit) as ended:
        main(["trace", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert sorted(one.name for one in here.iterdir()) == ["drive.csv", "t.down"]
