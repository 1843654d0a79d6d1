"""Several runs compared: which belong together, which count, and the tables of their means."""

from __future__ import annotations

import pytest
from rich.console import Console

from testbed.report.estimates.intervals import Estimate
from testbed.report.several import groups
from testbed.report.several.groups import Condition, conditions
from testbed.report.several.many_tables import tables_of_many
from tests.report.records import MEDIA, a_record, interrupted

TO_MN = groups.INTERRUPTION.of("to_mn")


def one(*records: object) -> Condition:
    (condition,) = conditions(records)  # type: ignore[arg-type]
    return condition


def shown(*records: object) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(tables_of_many(conditions(records)))  # type: ignore[arg-type]
    return captured.get()


def rows(text: str, title: str) -> list[str]:
    """The rows of the table with this title, a space between the words."""
    lines = iter(text.splitlines())
    assert any(line.startswith(title) for line in lines), text
    assert any(line.startswith("scheme") for line in lines)
    below = []
    for line in lines:
        if not line.strip():
            break
        below.append(" ".join(line.split()))
    return below


def test_a_mean_mos_says_on_which_scale_it_is() -> None:
    narrow, wide = ({"mos": 4.3, "mos_scale": scale} for scale in ("narrow-band", "wideband"))
    assert one(a_record("a", to_mn=narrow, to_cn=narrow)).mos == one(a_record("a")).mos == groups.MOS
    assert one(a_record("a", to_mn=wide, to_cn=wide)).mos.name == "MOS (wideband)"
    assert one(a_record("a", to_mn=wide, to_cn=narrow)).mos.name == "MOS (narrow-band and wideband)"
    table = shown(*(a_record("a", seed, to_mn=wide, to_cn=wide) for seed in (1, 2)))
    assert "(wideband)" in table


# -- grouping ---------------------------------------------------------------------------------------------------------


def test_series_are_schemes_in_one_order_whatever_the_folders_is_and_the_reference_is_the_baseline() -> None:
    condition = one(*(a_record(name) for name in ("handover-cn", "reinvite", "proactive")), a_record("reinvite", 2))
    assert [(series.name, len(series.entries)) for series in condition.series] == [
        ("reinvite", 2), ("proactive", 1), ("handover-cn", 1),
    ]  # fmt: skip
    assert condition.reference.name == "reinvite"
    assert one(a_record("b"), a_record("a")).reference.name == "b"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"failure_script": "wifi-break"}, ["wifi-to-umts, wifi-fade", "wifi-to-umts, wifi-break"]),
        ({"cn": "baresip"}, ["wifi-to-umts, wifi-fade, testbed", "wifi-to-umts, wifi-fade, baresip"]),
        (
            {"varied": {"call.codec": "GSM", "links.wifi.loss": "5 %"}},
            ["wifi-to-umts, wifi-fade, –", "wifi-to-umts, wifi-fade, call.codec GSM, links.wifi.loss 5 %"],
        ),
        ({"engine": "native"}, ["wifi-to-umts, wifi-fade, vm", "wifi-to-umts, wifi-fade, native"]),
        (
            {"scenario": {"name": "wifi-to-umts", "sha256": "cd" * 32}},
            ["wifi-to-umts, abababab, wifi-fade", "wifi-to-umts, cdcdcdcd, wifi-fade"],
        ),
        ({"scenario": {"name": "mine", "sha256": "cd" * 32}}, ["wifi-to-umts, wifi-fade", "mine, wifi-fade"]),
    ],
)
def test_what_cannot_be_compared_is_apart_and_its_names_say_why(change: dict[str, object], names: list[str]) -> None:
    found = conditions([a_record("reinvite"), a_record("reinvite", 2, manifest=change)])
    assert [one.name for one in found] == names


def test_a_trigger_makes_a_series_and_a_proxy_that_a_scheme_needs_does_not() -> None:
    records = [
        a_record("reinvite"),
        a_record("media-handover", manifest={"proxy": "kamailio"}),
        a_record("reinvite", manifest={"trigger": "early"}),
    ]
    assert [series.name for series in one(*records).series] == ["reinvite", "reinvite, early", "media-handover"]
    records.append(a_record("reinvite", 2, manifest={"proxy": "kamailio"}))
    assert [series.name for series in one(*records).series] == [
        "reinvite, proxy none", "reinvite, early", "reinvite, proxy kamailio", "media-handover",
    ]  # fmt: skip


# -- what counts ------------------------------------------------------------------------------------------------------


def test_runs_that_failed_or_were_not_measured_count_in_no_mean_and_are_still_there() -> None:
    records = [
        *interrupted("reinvite", 100.0, 200.0),
        a_record("reinvite", 3, manifest={"status": "failed", "failure": "mn died"}, to_mn={"interruption_ms": 9e9}),
        a_record("reinvite", 4, manifest={"status": "running"}, measured=False),
        a_record("reinvite", 5, measured=False),
    ]
    (series,) = one(*records).series
    assert [entry.left_out for entry in series.entries] == [
        None, None, "failed: mn died", "failed: it was never finished", "there is no result.json",
    ]  # fmt: skip
    assert series.estimate(TO_MN).values == (100.0, 200.0)
    assert series.estimate(TO_MN).mean == 150.0


def test_the_same_plan_twice_is_one_run_unless_it_was_made_natively() -> None:
    def twice(**manifest: object) -> list[str | None]:
        records = [a_record("reinvite", manifest={"plan_sha256": "same", **manifest}) for _ in range(2)]
        return [entry.left_out for entry in one(*records).series[0].entries]

    assert twice() == [None, None]  # as they have the same name, it is not even another folder
    other = a_record("reinvite", 7, manifest={"plan_sha256": "reinvite-seed1"})
    (series,) = one(a_record("reinvite"), other).series
    assert [entry.left_out for entry in series.entries] == [None, "the same run as reinvite-seed1: it counts once"]
    native = {"engine": "native", "reproducible": False}
    records = [
        a_record("reinvite", 1, manifest=native, to_mn={"interruption_ms": 20.0}),
        a_record("reinvite", 1, manifest=native, to_mn={"interruption_ms": 40.0}),
    ]
    (series,) = one(*records).series
    assert series.estimate(TO_MN).values == (20.0, 40.0)
    assert series.by_seed(TO_MN) == {1: 30.0}


def test_a_gap_without_end_is_missing_and_said_to_be() -> None:
    (series,) = one(*interrupted("reinvite", 100.0, None, 300.0)).series
    found = series.estimate(TO_MN)
    assert (found.values, found.missing) == ((100.0, 300.0), 1)


@pytest.mark.parametrize(
    ("values", "hits", "total"),
    [
        ([(0.0, 0.0), (0.0, 20.0), (20.0, 0.0)], 2, 3),
        ([(0.0, None), (20.0, None), (0.0, 0.0)], 1, 2),  # the first may or may not have been interrupted
        ([(0.0, 0.0)] * 4, 0, 4),
    ],
)
def test_a_run_is_interrupted_when_either_side_was(
    values: list[tuple[float | None, float | None]], hits: int, total: int
) -> None:
    records = [
        a_record("x", seed, to_mn={"interruption_ms": mn}, to_cn={"interruption_ms": cn})
        for seed, (mn, cn) in enumerate(values)
    ]
    found = one(*records).series[0].interrupted([groups.INTERRUPTION.of(way) for way in groups.DIRECTIONS])
    assert found is not None
    assert (found.hits, found.total) == (hits, total)


def test_differences_are_taken_seed_by_seed() -> None:
    condition = one(
        *interrupted("reinvite", 1000.0, 3000.0, 2000.0), *interrupted("handover-cn", 900.0, 2900.0, 1900.0)
    )
    reference, other = condition.series
    assert condition.difference(other, reference, TO_MN) == Estimate((-100.0,) * 3, 0, -100.0, 0.0)


def test_without_a_handover_the_numbers_of_the_whole_call_are_taken() -> None:
    silent = dict.fromkeys(MEDIA) | {"interruption_call_ms": 60.0, "gap_call_ms": 80.0}
    condition = one(a_record("x", handover=None, to_mn=silent, to_cn=silent))
    assert not condition.has_handover
    assert condition.series[0].estimate(condition.interruption.of("to_mn")).mean == 60.0


def test_several_versions_of_the_program_are_a_doubt() -> None:
    records = [a_record("x", seed, manifest={"versions": {"code_sha256": str(seed)}}) for seed in (1, 2)]
    assert one(*records).doubts == ("these runs were made by 2 versions of the program",)


# -- in the terminal --------------------------------------------------------------------------------------------------


def test_a_row_has_the_mean_and_half_the_interval_of_a_scheme_and_direction() -> None:
    text = shown(*interrupted("reinvite", 100.0, 110.0, 120.0), *interrupted("handover-cn", 0.0, 0.0, 0.0))
    assert rows(text, "What the call suffered during the handover: mean ±95 %") == [
        # 10 · 4.303 / √3
        "reinvite 3 to MN 100.0 each 110.0 each 110.0 ±24.8 0 each 4.34 each 3 of 3",
        "to CN 100.0 each 110.0 each 0.0 each 0 each 4.34 each 0 of 3",
        "handover-cn 3 to MN 100.0 each 110.0 each 0.0 each 0 each 4.34 each 0 of 3",
        "to CN 100.0 each 110.0 each 0.0 each 0 each 4.34 each 0 of 3",
    ]
    assert rows(text, "Where the time went: means") == [
        f"{name} – 0.0 0.0 290.0 10.0 300.0 each 11 each 6058 each" for name in ("reinvite", "handover-cn")
    ]
    assert rows(text, "Difference to reinvite, seed by seed")[:2] == [
        "handover-cn 3 to MN 0.0 each -110.0 ±24.8 0 each 0.00 each",
        "to CN 0.0 each 0.0 each 0 each 0.00 each",
    ]


def test_one_run_has_no_interval() -> None:
    assert rows(shown(a_record("reinvite")), "What the call suffered")[0] == (
        "reinvite 1 to MN 100.0 110.0 0.0 0 4.34 0 of 1"
    )


def test_what_is_missing_left_out_or_doubtful_is_said() -> None:
    records = [
        *interrupted("reinvite", 100.0, None, 120.0),
        a_record("reinvite", 4, manifest={"status": "failed", "failure": "mn [died]"}, warnings=("the run failed",)),
        a_record("reinvite", 5, warnings=("to_mn: [bold]silent[/bold]",)),
    ]
    text = shown(*records)
    assert rows(text, "What the call suffered")[0].startswith("reinvite 4 of 5 to MN 100.0 each ")
    assert "(3 of 4)" in text
    said = [" ".join(line.split()) for line in text.splitlines()]
    assert "not counted, reinvite-seed4: failed: mn [died]" in said
    assert "warning, reinvite-seed4: the run failed" in said
    assert "warning, reinvite-seed5: to_mn: [bold]silent[/bold]" in said


def test_conditions_have_their_names_when_there_are_several() -> None:
    text = shown(a_record("x"), a_record("x", manifest={"failure_script": "wifi-break"}))
    assert [line for line in text.splitlines() if line.startswith("wifi-to-umts")] == [
        "wifi-to-umts, wifi-fade", "wifi-to-umts, wifi-break",
    ]  # fmt: skip
