"""Medians and differences in the terminal: what stands, what can't be known, and what is said of it."""

from __future__ import annotations

from rich.console import Console

from testbed.report.several.differences import differences
from testbed.report.several.groups import conditions
from testbed.report.several.many_tables import tables_of_many
from tests.report.records import a_record, interrupted

LONG = "handover-b2bua"


def shown(*records: object, width: int = 100) -> list[str]:
    """The lines, a space between the words."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(tables_of_many(conditions(records)))  # type: ignore[arg-type]
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def many(scheme: str, *, gap_ms: float, count: int) -> list[object]:
    """Runs whose interruption grows with the seed, and whose gap is always the same."""
    return [
        a_record(
            scheme, seed, to_mn={"interruption_ms": 20.0 * seed + gap_ms, "gap_ms": gap_ms, "lost_in_window": seed}
        )
        for seed in range(1, count + 1)
    ]


def test_the_median_stands_beside_what_lies_around_it() -> None:
    lines = shown(*many("reinvite", gap_ms=1000.0, count=20), *many(LONG, gap_ms=0.0, count=20))
    place = next(place for place, line in enumerate(lines) if line.startswith("Medians"))
    assert lines[place + 1 : place + 7] == [
        "interrup- lost in",
        "scheme gap 5–95 % tion 5–95 % window 5–95 % MOS 5–95 %",
        "reinvite to MN 1000.0 each 1210.0 1030.0–1390.0 10.5 1.5–19.5 4.34 each",
        "to CN 100.0 each 0.0 each 0 each 4.34 each",
        f"{LONG} to MN 0.0 each 210.0 30.0–390.0 10.5 1.5–19.5 4.34 each",
        "to CN 100.0 each 0.0 each 0 each 4.34 each",
    ]


def test_too_few_runs_have_no_table_of_medians() -> None:
    assert not any("Medians" in line for line in shown(*many("reinvite", gap_ms=1.0, count=5)))


def test_what_stands_is_marked_and_what_does_not_is_not() -> None:
    lines = shown(*many("reinvite", gap_ms=1000.0, count=9), *many(LONG, gap_ms=0.0, count=9))
    place = next(place for place, line in enumerate(lines) if "* -" in line)
    assert lines[place : place + 3] == [
        f"{LONG} 9 to MN * -1000.0 each * -1000.0 each 0 each 0.00 each",
        "to CN 0.0 each 0.0 each 0 each 0.00 each",
        "* stands among these 8 comparisons: Wilcoxon's signed-rank test, p < 0.05 after Holm's correction.",
    ]
    (condition,) = conditions([*many("reinvite", gap_ms=1000.0, count=9), *many(LONG, gap_ms=0.0, count=9)])  # type: ignore[list-item]
    found = differences(condition)
    assert [(one.p, one.adjusted) for one in found[:3]] == [(2 / 512, 16 / 512), (2 / 512, 16 / 512), (1.0, 1.0)]


def test_where_nothing_can_stand_it_says_how_many_pairs_it_takes() -> None:
    lines = shown(*many("reinvite", gap_ms=1000.0, count=8), *many(LONG, gap_ms=0.0, count=8))
    assert not any(line.startswith("*") or "* " in line for line in lines)
    said = " ".join(lines)
    assert "None of these 8 comparisons can stand with 8 pairs" in said
    assert "it takes 9." in said


def test_it_says_how_many_runs_a_width_takes() -> None:
    # of 0, 10 and 20 the deviation is 10: ±5 takes 18
    lines = shown(*interrupted("reinvite", 100.0, 100.0, 100.0), *interrupted(LONG, 100.0, 110.0, 120.0))
    assert "Runs to know a difference to ±5 ms, by the pair that varies most: interruption 18." in lines


def test_what_was_never_measured_is_no_comparison() -> None:
    records = [*interrupted("reinvite", None, None), *interrupted(LONG, 1.0, 2.0)]
    assert "None of these 7 comparisons can stand with 2 pairs" in " ".join(shown(*records))
