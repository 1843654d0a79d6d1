"""Statistics as rows: every number with its intervals, what is missing, and what can't be said."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from testbed.report.several.groups import conditions
from testbed.report.several.statistical_rows import statistics
from tests.report.records import a_record, interrupted
from tests.rules import ROOT


def of(*records: Any, wanted_ms: float = 5.0) -> dict[str, Any]:  # noqa: ANN401 - records
    """The statistics of runs, as they come out of JSON that knows no NaN."""
    found: dict[str, Any] = json.loads(json.dumps(statistics(conditions(records), wanted_ms), allow_nan=False))
    return found


def row(rows: list[dict[str, Any]], **fields: object) -> dict[str, Any]:
    """The only row with these fields."""
    (one,) = (one for one in rows if fields.items() <= one.items())
    return one


def test_a_number_has_its_mean_its_median_and_what_is_missing() -> None:
    found = of(*interrupted("reinvite", 100.0, None, 110.0, 120.0))
    one = row(found["numbers"], scheme="reinvite", field="media.to_mn.interruption_ms")
    assert (one["runs"], one["missing"], one["mean"], one["median"], one["deviation"]) == (3, 1, 110.0, 110.0, 10.0)
    assert (one["mean_low"], one["mean_high"]) == pytest.approx((110 - 24.84, 110 + 24.84), abs=5e-3)
    assert (one["interval"], one["unit"], one["direction"]) == ("Student", "ms", "to_mn")
    assert one["median_low"] is one["q05_low"] is None  # too few for either
    assert (one["q05"], one["q95"], one["least"], one["most"]) == (100.0, 120.0, 100.0, 120.0)


def test_numbers_of_the_run_have_no_direction() -> None:
    one = row(of(a_record("reinvite"))["numbers"], field="signalling.setup_ms")
    assert (one["direction"], one["runs"], one["mean"], one["mean_low"], one["interval"]) == (None, 1, 20.0, None, None)


def test_never_has_the_interval_of_clopper_and_pearson_for_each_direction_and_for_both() -> None:
    found = of(*interrupted("reinvite", 0.0, 20.0, None, 0.0, 0.0, 0.0))["interrupted"]
    assert [(one["direction"], one["interrupted"], one["runs"]) for one in found] == [
        ("to_mn", 1, 5), ("to_cn", 0, 6), (None, 1, 5),
    ]  # fmt: skip
    assert found[1]["share_high"] == pytest.approx(1 - 0.025 ** (1 / 6))


def test_a_difference_has_both_p_values_and_how_many_pairs_it_takes() -> None:
    values = [100.0, 110.0, 120.0, 90.0, 80.0, 100.0, 105.0, 95.0, 100.0]
    found = of(*interrupted("reinvite", *values), *interrupted("handover-cn", *[0.0] * 9), wanted_ms=10.0)
    one = row(found["differences"], scheme="handover-cn", number="interruption", direction="to_mn")
    assert (one["less"], one["pairs"], one["mean"], one["stands"]) == ("reinvite", 9, -100.0, True)
    assert (one["p"], one["p_holm"]) == (2 / 512, 8 * 2 / 512)
    assert one["deviation"] == pytest.approx(11.4564, abs=1e-4)
    assert one["pairs_wanted"] == 8  # t(7) = 2.365: 2.365 · 11.456 / √8 = 9.58; 2.447 · 11.456 / √7 = 10.6
    same = row(found["differences"], scheme="handover-cn", number="MOS", direction="to_mn")
    assert (same["p"], same["stands"], same["pairs_wanted"]) == (1.0, False, None)


def test_nothing_measured_is_none_and_no_error() -> None:
    found = of(a_record("reinvite", measured=False), a_record("handover-cn", measured=False))
    assert {one["mean"] for one in found["numbers"]} == {None}
    assert {one["p_holm"] for one in found["differences"]} == {None}
    assert {one["runs"] for one in found["interrupted"]} == {0}


def test_what_was_varied_stands_in_every_row() -> None:
    records = [a_record("reinvite", manifest={"varied": {"links.wifi.loss": loss}}) for loss in ("0 %", "5 %")]
    assert [one["varied"] for one in of(*records)["interrupted"][::3]] == [
        {"links.wifi.loss": "0 %"}, {"links.wifi.loss": "5 %"},
    ]  # fmt: skip


def test_every_field_has_its_word_in_the_documentation() -> None:
    found = of(a_record("reinvite"), a_record("handover-cn"))
    fields = {field for rows in found.values() if isinstance(rows, list) for row in rows for field in row} | set(found)
    named = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "statistics.md").read_text()))
    named |= {f"{one}_{end}" for one in ("median", "q05", "q95") for end in ("low", "high")}
    assert fields - named == set()
