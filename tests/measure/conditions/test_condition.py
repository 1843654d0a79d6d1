"""A condition as it is written, and what is said of one that can't be read, or names what there is not."""

from __future__ import annotations

import pytest

from testbed.measure.conditions.condition import FailIf
from testbed.measure.conditions.errors import ConditionError
from testbed.measure.conditions.names import OF_CAPTURES, OF_RUNS


@pytest.mark.parametrize(
    ("text", "path", "comparison", "limit"),
    [
        ("gap_ms > 200", ("gap_ms",), ">", 200.0),
        ("  streams.lost>=-1 ", ("streams", "lost"), ">=", -1.0),
        ("mos<3.5e0", ("mos",), "<", 3.5),
        ("dialogs.state != ended", ("dialogs", "state"), "!=", "ended"),
        ("fixed_playout.60_ms.late == .5", ("fixed_playout", "60_ms", "late"), "==", 0.5),
    ],
)
def test_a_condition_is_a_name_a_comparison_and_a_limit(
    text: str, path: tuple[str, ...], comparison: str, limit: float | str
) -> None:
    read = FailIf.parse(text)
    assert (read.path, read.comparison, read.limit) == (path, comparison, limit)


@pytest.mark.parametrize(
    ("comparison", "below", "same", "above"),
    [
        (">", False, False, True),
        (">=", False, True, True),
        ("<", True, False, False),
        ("<=", True, True, False),
        ("==", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_comparisons(comparison: str, *, below: bool, same: bool, above: bool) -> None:
    read = FailIf.parse(f"gap_ms {comparison} 200")
    assert [read.holds(value) for value in (199.9, 200, 200.1)] == [below, same, above]


@pytest.mark.parametrize(
    "text", ["", "gap_ms", "gap_ms >", "gap_ms => 3", "gap_ms > 1 2", "> 3", "gap ms > 3", "gap_ms = 3"]
)
def test_what_is_no_condition_is_told_what_one_is(text: str) -> None:
    with pytest.raises(ConditionError, match=r"should be a name, a comparison \(.*: 'gap_ms > 200'$"):
        FailIf.parse(text)


def test_text_is_not_more_or_less_than_text() -> None:
    with pytest.raises(ConditionError, match=r"200ms is no number; text can be compared with == and != only"):
        FailIf.parse("gap_ms > 200ms")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gap > 1", "a capture has no gap; gap_ms, perhaps?"),
        ("streams.gap > 1", "a capture has no streams.gap; streams.gap_ms, perhaps?"),
        ("qqqqqq > 1", "a capture has no qqqqqq; docs/metrics.md has the names"),
        ("src > 1", "src is text: compare it with == or !=, and with text"),
        ("gap_ms == much", "gap_ms is a number"),
    ],
)
def test_what_no_capture_has(text: str, said: str) -> None:
    with pytest.raises(ConditionError) as error:
        OF_CAPTURES.places_of(FailIf.parse(text))
    assert str(error.value) == f"--fail-if '{text}': {said}"


def test_names_are_found_where_one_would_look_first() -> None:
    def places(text: str) -> list[tuple[str, ...]]:
        return OF_CAPTURES.places_of(FailIf.parse(text))

    assert places("gap_ms > 1") == [("streams",), ("calls",), ("listeners",)]
    assert places("streams.gap_ms > 1") == [()]
    assert places("rtcp.reports > 1") == [("streams",), ()]
    assert places("rtcp > 1") == [()]
    assert places("unread.cut > 1") == [()]


def test_a_run_has_its_own_names() -> None:
    assert OF_RUNS.places_of(FailIf.parse("mos < 3")) == [("media", "to_mn"), ("media", "to_cn")]
    assert OF_RUNS.places_of(FailIf.parse("paths.lte.lost > 3")) == [("media", "to_mn"), ("media", "to_cn")]
    with pytest.raises(ConditionError, match=r"a run has no streams; "):
        OF_RUNS.places_of(FailIf.parse("streams > 3"))
