"""Traces of users: what they become, and what is said to those that are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.links.excerpt import changes
from testbed.scenario.links.trace import read_csv, read_opportunities
from testbed.scenario.reading.errors import BadScenarioError

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a cell of more than 1000 characters; write numbers like 12.5"
UNCLOSED = "a quotation mark is not closed; close it on the same line, or leave it out"
GOOD = "time [s], signal [dBm], delay [ms], down.loss [%]\n0, -55, 3, 0\n\n0.5, -61, , 2\n1.25,,40,\n"


def test_a_row_changes_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GOOD)
    found = changes(("traces", 0), "wifi", 10.0, read_csv(tmp_path / "t.csv"))
    assert [(one.at, one.direction, one.values) for one in found] == [
        (10.0, "both", {"signal": -55.0, "delay": 0.003}),
        (10.0, "down", {"loss": 0.0}),
        (10.5, "both", {"signal": -61.0}),
        (10.5, "down", {"loss": 0.02}),
        (11.25, "both", {"delay": 0.04}),
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the trace is empty; it should begin with a header like: time [s], signal [dBm], delay [ms]"),
        ("time [s], delay\n", 1, "'delay' is no heading of a column; write it like: delay [ms]"),
        ("time [s], dealy [ms]\n", 1, "'dealy' is nothing that a link has; did you mean 'delay'?"),
        (
            "time [s], distribution\n",
            1,
            "'distribution' is the profile's: a link's jitter stays spread as it is; 'jitter' and 'delay' can change",
        ),
        (
            "time [s], up.queue [ms]\n",
            1,
            "'queue' is the profile's: a link keeps its queue as it is, with what waits there",
        ),
        ("time [s], jitter_correlation [%]\n", 1, "'%' is no unit of 'jitter_correlation'; it is in us, ms, s, min"),
        ("time [s], corrupt [%]\n0, 101\n", 2, "corrupt: '101 %' is impossible; a share is from 0 % to 100 %"),
        ("time [s], delay [m]\n", 1, "'m' is no unit of 'delay'; it is in us, ms, s, min"),
        ("time [s], down.signal [dBm]\n", 1, "'signal' has no direction; leave 'down.' out"),
        ("time [s], loss [%], loss [%]\n", 1, "there are two columns 'loss'; leave one of them out"),
        ("loss [%], time [s]\n", 1, "the first column is not the time; begin with: time [s]"),
        ("time [s]\n0\n", 1, "there is nothing but time; add a column like: delay [ms]"),
        ("time [s], loss [%]\n0, 1\n1, 200\n", 3, "loss: '200 %' is impossible; a share is from 0 % to 100 %"),
        ("time [s], loss [%]\n0, 1\n1\n", 3, "1 cells where the header has 2; write each row like the header"),
        ("time [s], loss [%]\n2, 1\n1, 1\n", 3, "time goes back here, from 2 s to 1 s; sort the rows"),
        (
            "time [s], loss [%]\n2, 1\n2, 3\n",
            3,
            "this is the second row of 2 s; leave one of them out, or see 'columns', which averages",
        ),
        ("time [s], loss [%]\n, 1\n", 2, "a row without time; write when this was"),
        (
            "time [s], loss [%]\n\n0, " + "1" * 140_000,
            3,
            "a cell of more than 1000 characters; write numbers like 12.5",
        ),
        ("time [s]," + "x" * 2000, 1, LONG),
        ('time [s], loss [%]\n0, "' + "x\n" * 80_000, 2, UNCLOSED),
        ('time [s], loss [%]\n0, "' + "x" * 140_000, 2, UNCLOSED),
        ('time [s], loss [%]\n0, "1" 2', 2, "something stands after a quotation mark that closes; put a comma there"),
        ("time [s]" + ",loss [%]" * 999, 1, "there are two columns 'loss'; leave one of them out"),
        ("time [s]" + ",loss [%]" * 400_000, 1, "there are 400001 cells here; a row has at most 1000"),
        ("time [s], loss [%]\n٣, 1\n", 2, "time: '٣ s' is not a time; a time is written like 75 ms"),
        ("time [s], loss [%]\n1_0, 1\n", 2, "time: '1_0 s' is not a time; a time is written like 75 ms"),
        ("time [s], loss [%]\nnan, 1\n", 2, "time: 'nan s' is not a time; a time is written like 75 ms"),
        ("time [s], loss [%]\n0\0, 1\n", 2, "time: '0\\x00 s' is not a time; a time is written like 75 ms"),
        ("time [s], loss [%]\n1, x\n", 2, "loss: 'x %' is not a share; a share is written like 2 %"),
    ],
)
def test_a_broken_csv_is_one_line(text: str, line: int, what: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(BadScenarioError) as caught:
        list(read_csv(path))
    assert str(caught.value) == f"{path}:{line}: {what}"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the trace has no time after 0 ms; it is to last for a while"),
        ("0\n0\n", 2, "the trace has no time after 0 ms; it is to last for a while"),
        ("1\n2.5\n", 2, "'2.5' is no time in ms; a Mahimahi trace has one whole number in each line"),
        ("1\n\n2\n", 2, "'' is no time in ms; a Mahimahi trace has one whole number in each line"),
        ("7\n5\n", 2, "time goes back here, from 7 ms to 5 ms; sort the lines"),
    ],
)
def test_a_broken_mahimahi_trace_is_one_line(text: str, line: int, what: str, tmp_path: Path) -> None:
    path = tmp_path / "t.up"
    path.write_text(text)
    with pytest.raises(BadScenarioError) as caught:
        read_opportunities(path)
    assert str(caught.value) == f"{path}:{line}: {what}"


@pytest.mark.parametrize(
    ("trace", "line", "what"),
    [
        ("{link: wifi, csv: t.csv, skip: 2 s}", 5, "this is the last row, and before 2 s; skip less"),
        ("{link: wifi, csv: none.csv}", 1, "it says nothing of the link; a row with a value is needed"),
        ("{link: wifi, csv: none.csv, columns: {time: 'time [s]', rate: 'b [kbit/s]'}}", 1, "columns.time: "),
        ("{link: wifi, csv: one.log, form: pensieve}", 1, "it says nothing of the link; a row with a value is needed"),
        ("{link: wifi, csv: many.log, form: pensieve}", 20002, "a trace has at most 20000 rows; take a part"),
        ("{link: wifi, mahimahi: t.up, direction: up, skip: 1 s}", 2, "nothing passes from 1 s on; the last time is"),
    ],
)  # fmt: skip
def test_a_trace_of_which_nothing_is_left_or_too_much(trace: str, line: int, what: str, tmp_path: Path) -> None:
    (tmp_path / "t.up").write_text("5\n10\n")
    (tmp_path / "t.csv").write_text(GOOD)
    (tmp_path / "none.csv").write_text("time [s], rate [kbit/s]\n")
    (tmp_path / "one.log").write_text("0.5 3.4\n")
    (tmp_path / "many.log").write_text("".join(f"{n} 1\n" for n in range(20_010)))
    script = tmp_path / "s.yaml"
    script.write_text(f"name: s\nabout: s\ntraces:\n  - {trace}\n")
    with pytest.raises(BadScenarioError) as caught:
        load_experiment("wifi-to-umts", failure=str(script))
    assert str(caught.value).partition(": ")[0].endswith(f":{line}")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("trace", "what"),
    [
        ("{link: wifi, csv: gone.csv}", "traces.1.csv: there is no file {folder}/gone.csv; name one"),
        ("{link: wifi}", "traces.1: a trace is one file; name it as 'csv: …' or as 'mahimahi: …'"),
        ("{link: wifi, mahimahi: t.up}", "traces.1: a Mahimahi trace is of one direction; add 'direction: down'"),
        ("{link: wfi, mahimahi: t.up, direction: up}", "traces.1.link: 'wfi' is no access link of the topology"),
        ("{link: wifi, csv: t.csv, direction: up}", "traces.1: a CSV names directions in its header"),
        ("{link: wifi, csv: t.csv, form: usc}", "traces.1.form: 'usc' is no form that is known; did you mean 'ucc'?"),
        ("{link: wifi, csv: t.csv, form: ucc, stamped: end}", "traces.1: a form says all of that; leave 'columns'"),
        ("{link: wifi, csv: t.csv, where: {a: b}}", "traces.1: our own CSV has its times and rows as it is; leave"),
        ("{link: wifi, mahimahi: t.up, direction: up, form: ucc}", "traces.1: a Mahimahi trace has no columns; leave"),
        (
            "{link: wifi, csv: t.csv, for: 0 s}",
            "traces.1: nothing is left of a trace in 0 s; write it like 'for: 30 s'",
        ),
        ("{link: wifi, csv: t.csv, columns: {rate: a}}", "traces.1: columns are the time and something else; write"),
    ],
)
def test_a_script_that_names_a_trace_wrongly(trace: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "t.up").write_text("5\n10\n")
    (tmp_path / "t.csv").write_text(GOOD)
    script = tmp_path / "s.yaml"
    script.write_text(f"name: s\nabout: s\ntraces:\n  - {trace}\n")
    with pytest.raises(BadScenarioError) as caught:
        load_experiment("wifi-to-umts", failure=str(script))
    assert str(caught.value).startswith(f"{script}:4: {what.format(folder=tmp_path)}")
