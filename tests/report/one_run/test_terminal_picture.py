"""The picture of a handover in the terminal: every sign is where its time is."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from testbed.measure import MeasuredRun
from testbed.report.one_run.terminal_picture import GAP, GAP_END, GAP_START, LEGEND, WIDTH, TimeColumns, _gap, pictures
from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path


def shown(run: synthetic.Run, folder: Path, *, coloured: bool = False, mobile: str = "testbed") -> list[str]:
    """Return the lines of a run's picture without title and legend; `mobile` is the program that was the MN."""
    out = Console(
        file=io.StringIO(), width=WIDTH, force_terminal=coloured, color_system="truecolor" if coloured else None
    )
    written = run.write(folder / "run")
    manifest = written / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "mn": mobile}))
    out.print(pictures([("a run", MeasuredRun(written).story)]))
    assert isinstance(out.file, io.StringIO)
    lines = out.file.getvalue().splitlines()
    return lines[1 : -1 - len(LEGEND.splitlines())]


def test_make_before_break(tmp_path: Path) -> None:
    assert shown(synthetic.handover_cn_run(), tmp_path) == [
        "a run: 5.80 s to 8.44 s of the run, 40 ms a column",
        "seconds      5.8       6.2       6.6       7         7.4       7.8       8.2",
        "             |    TI   i         |         |         | Bb      |         |",
        "to MN wifi   ███████████████████████████████████████████·······················",
        "      umts   ··········░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░█████████████████████",
        "      gap                                              ├──┤ 108.0 ms",
        "to CN wifi   ███████████████████████████████████████████·······················",
        "      umts   ·············░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░█████████████████████",
        "      gap                                              ├──┤ 108.0 ms",
    ]


def test_break_before_make(tmp_path: Path) -> None:
    run = synthetic.reinvite_run()
    run.event(5900, "lab", "link_gone", link="wifi")
    lines = shown(run, tmp_path)
    assert lines[:7] == [
        "a run: 5.60 s to 12.20 s of the run, 100 ms a column",
        "seconds      5.6       6.6       7.6       8.6       9.6       10.6      11.6",
        "             |  L T    |         |         |I i      |         |         |",
        "to MN wifi   ████······························································",
        "      umts   ·································█████████████████████████████████",
        "      gap       ├─────────────────────────────┤ 2988.0 ms",
        "      missed     ×××××××××××××××××××××××××××××××",
    ]


def test_duplicates_that_come_first_on_the_new_path_are_new(tmp_path: Path) -> None:
    late = synthetic.handover_cn_run(
        extra_ms=lambda link, to_mn, k: 500.0 * (link == "wifi" and to_mn and 260 <= k < 270)
    )
    lines = shown(late, tmp_path)
    assert lines[3].startswith("to MN wifi   ██████████·····███████▓▓▓▓▓▓█████")
    assert lines[4].startswith("      umts   ··········░░▓████▓░░░░░")


def test_without_a_handover_it_is_all_of_the_media_and_not_what_was_captured_afterwards(tmp_path: Path) -> None:
    run = synthetic.plain_run()
    run.carry(b"\0", 66_000, link="wifi", to_mn=False)
    lines = shown(run, tmp_path)
    assert lines[0] == "a run: 0.75 s to 17.25 s of the run, 250 ms a column"
    assert lines[5] == "      gap     ┃ 0.0 ms"
    assert set(lines[2]) == {" ", "|"}


def test_phone_that_tells_of_no_trigger_is_shown_where_it_was_first_seen_elsewhere(tmp_path: Path) -> None:
    """Not the whole of what was captured: of what it decided, and when, nothing can be shown."""
    run = synthetic.reinvite_run()
    run.events = [event for event in run.events if event["event"] != "trigger"]
    lines = shown(run, tmp_path, mobile="baresip")
    assert lines[:4] == [
        "a run: 5.60 s to 12.20 s of the run, 100 ms a column",
        "seconds      5.6       6.6       7.6       8.6       9.6       10.6      11.6",
        "             |         |         |         |IMi      |         |         |",
        "to MN wifi   ████······························································",
    ]


def test_a_gap_without_an_end(tmp_path: Path) -> None:
    dead = synthetic.handover_cn_run(lost=lambda _link, to_mn, k: to_mn and k >= 300)
    lines = shown(dead, tmp_path)
    assert lines[5].rstrip().endswith("─")
    assert "no end ├" in lines[5]
    assert "no end" not in "".join(lines[6:])


def test_a_side_that_was_not_captured(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    folder = run.write(tmp_path / "run")
    (folder / "captures" / "cn-eth0.pcap").unlink()
    (folder / "run.pcapng").unlink()
    out = Console(file=io.StringIO(), width=WIDTH)
    out.print(pictures([("a run", MeasuredRun(folder).story)]))
    assert isinstance(out.file, io.StringIO)
    assert "      gap    not measured" in out.file.getvalue().splitlines()


def test_colours_say_nothing_that_signs_do_not(tmp_path: Path) -> None:
    plain = shown(synthetic.reinvite_run(), tmp_path / "plain")
    coloured = shown(synthetic.reinvite_run(), tmp_path / "coloured", coloured=True)
    assert "\x1b[" in "".join(coloured)
    assert "\x1b[" not in "".join(plain)
    assert max(map(len, [*plain, *LEGEND.splitlines()])) <= WIDTH


@given(
    st.integers(0, 10**9), st.sampled_from([1, 40, 1000]), st.integers(20, 66), st.floats(-100, 1e6),
    st.none() | st.floats(0, 1e6), st.none() | st.floats(0, 1e6),
)  # fmt: skip
def test_the_bracket_of_a_gap_stays_in_the_picture(
    start_ms: int, column_ms: int, columns: int, at_s: float, lasts_s: float | None, gap_ms: float | None
) -> None:
    drawn = _gap((at_s, None if lasts_s is None else at_s + lasts_s), gap_ms, TimeColumns(start_ms, column_ms, columns))
    assert len(drawn) <= columns
    assert GAP in drawn or GAP_START in drawn
    assert GAP_END not in drawn or lasts_s is not None
    assert drawn.count(GAP) + drawn.count(GAP_START) == 1
