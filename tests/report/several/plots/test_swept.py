"""What is swept: which conditions belong to one sweep, where they stand, and what is drawn of them."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

from testbed.report.several.comparison_page import comparison_page
from testbed.report.several.groups import conditions
from testbed.report.several.plots.sweeps import axis, sweeps
from testbed.report.several.plots.swept import LOOKS, legend, swept_plots
from tests.report.records import a_record

if TYPE_CHECKING:
    from testbed.measure.folder.records import Record
    from testbed.report.pages.pages import Plot


def runs(
    varied: dict[str, object], *values_ms: float | None, scheme: str = "reinvite", failure: str = "wifi-fade"
) -> list[Record]:
    """A run for each value, interrupted for so long to the MN."""
    return [
        a_record(
            scheme, seed, to_mn={"interruption_ms": value},
            manifest={"varied": varied, "failure_script": failure, "plan_sha256": f"{scheme}{seed}{varied}{failure}"},
        )
        for seed, value in enumerate(values_ms, 1)
    ]  # fmt: skip


def plots(*some: list[Record]) -> dict[str, Plot]:
    (sweep,) = sweeps(conditions([one for records in some for one in records]))
    return {plot.title: plot for plot in swept_plots(sweep, 0)}


@pytest.mark.parametrize(
    ("values", "ordered", "places", "unit"),
    [
        (["10 %", "0 %", "1.5 %"], ("0 %", "1.5 %", "10 %"), (0.0, 1.5, 10.0), "%"),
        (["20", "3", "1e2"], ("3", "20", "1e2"), (3.0, 20.0, 100.0), ""),
        (["PCMU", "GSM"], ("PCMU", "GSM"), (0.0, 1.0), None),
        (["1 s", "200 ms"], ("1 s", "200 ms"), (0.0, 1.0), None),  # other units: their numbers say nothing
        (["-5 dB", "-20 dB"], ("-20 dB", "-5 dB"), (-20.0, -5.0), "dB"),
    ],
)
def test_values_stand_in_the_order_of_their_numbers(
    values: list[str], ordered: tuple[str, ...], places: tuple[float, ...], unit: str | None
) -> None:
    found = axis("field", values)
    assert (found.values, found.places, found.unit) == (ordered, places, unit)


def test_a_sweep_is_of_conditions_that_differ_in_what_was_varied_alone() -> None:
    losses: list[dict[str, object]] = [{"links.wifi.loss": loss, "call.codec": "GSM"} for loss in ("0 %", "5 %")]
    failures = ("wifi-fade", "wifi-break")
    records = [
        *(one for varied in losses for failure in failures for one in runs(varied, 1.0, failure=failure)),
        a_record("reinvite", 9),
        a_record("reinvite", 9, manifest={"failure_script": "another"}),
    ]
    found = sweeps(conditions(records))
    assert [(one.name, len(one.conditions), [axis.field for axis in one.axes]) for one in found] == [
        (f"wifi-to-umts, {failure}, testbed, mn, vm", 2, ["links.wifi.loss"]) for failure in failures
    ]


def test_one_field_has_a_plot_of_each_number_over_it_with_its_interval() -> None:
    found = plots(
        *(runs({"loss": loss}, *values) for loss, values in (("5 %", (20.0, 40.0)), ("0 %", (0.0, 0.0)))),
        *(runs({"loss": loss}, 0.0, None, scheme="handover-cn") for loss in ("5 %", "0 %")),
    )
    assert found["Interruption to MN [ms] over loss"].tables[0].rows == (
        ("0 %", "reinvite", "0.0", "0.0", "0.0"),
        ("5 %", "reinvite", "30.0", "0.0", "157.1"),  # 12.706 · 14.14 / √2; not below 0
        ("0 %", "handover-cn", "0.0", "–", "–"),
        ("5 %", "handover-cn", "0.0", "–", "–"),
    )
    assert found["Interrupted runs [%] over loss"].tables[0].rows == (
        ("0 %", "reinvite", "0 of 2", "0.0", "84.2"),
        ("5 %", "reinvite", "2 of 2", "15.8", "100.0"),
        ("0 %", "handover-cn", "0 of 1", "0.0", "97.5"),
        ("5 %", "handover-cn", "0 of 1", "0.0", "97.5"),
    )


def test_what_was_not_measured_is_no_point() -> None:
    found = plots(runs({"loss": 0}, None), runs({"loss": 1}, 20.0))
    assert [row[0] for row in found["Interruption to MN [ms] over loss"].tables[0].rows] == ["1"]
    silent = plots(runs({"loss": 0}, None), runs({"loss": 1}, None))["Interruption to MN [ms] over loss"]
    assert (silent.model, silent.tables[0].rows) == (None, ())


def test_two_fields_in_a_grid_have_a_map_for_each_scheme() -> None:
    records = [
        runs({"loss": loss, "codec": codec}, 10.0 * loss if codec == "GSM" else None, scheme=scheme)
        for loss, codec, scheme in product((0, 5), ("GSM", "PCMU"), ("reinvite", "handover-cn"))
    ]
    found = plots(*records)
    assert list(found) == [
        f"{scheme}: {what}"
        for what in ("interrupted runs [%]", "mean interruption of the worse direction [ms]")
        for scheme in ("reinvite", "handover-cn")
    ]
    table = found["reinvite: mean interruption of the worse direction [ms]"].tables[0]
    assert table.columns == ("codec", "0", "5")
    assert table.rows == (("PCMU", "–", "–"), ("GSM", "0.0", "50.0"))


def test_two_fields_that_are_no_grid_have_marks_over_each() -> None:
    found = plots(*(runs({"loss": loss, "delay": delay}, 1.0) for loss, delay in ((0.1, 30), (2.7, 10), (4.4, 20))))
    assert [title for title in found if title.startswith("Interruption to MN")] == [
        "Interruption to MN [ms] over loss", "Interruption to MN [ms] over delay",
    ]  # fmt: skip


def test_the_page_shows_a_sweep_before_its_conditions_and_says_which_scheme_is_which() -> None:
    records = [one for loss in (0, 5) for scheme in ("reinvite", "handover-cn")
               for one in runs({"loss": loss}, 1.0, 2.0, scheme=scheme)]  # fmt: skip
    html = comparison_page(records, {})
    assert html.index("What is swept") < html.index("What the call suffered")
    assert len(re.findall(r'id="title-swept-', html)) == 7
    (sweep,) = sweeps(conditions(records))
    assert legend(sweep) == (("reinvite", LOOKS[0]), ("handover-cn", LOOKS[1]))
    assert html == comparison_page(records, {})
    assert "What is swept" not in comparison_page(records[:4], {})
