"""Both directions of a call end where its user hangs up, whatever else was sent or could not be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.result.run import measure_run
from tests.measure import synthetic
from tests.measure.synthetic import CN_FIRST_MS, MN_FIRST_MS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

GONE_MS, HANGS_UP_MS = 6000, 12_000
NUMBERS = ("sent", "lost", "gap_call_ms", "interruption_call_ms")


def dying(*, cn_until_ms: int, mn_until_ms: int, hangs_up: str = "lab") -> Run:
    """The WiFi is gone at 6 s and nothing arrives any more; the MN's user hangs up at 12 s."""
    run = synthetic.begin("reinvite")
    for to_mn, first_ms, until_ms in ((True, CN_FIRST_MS, cn_until_ms), (False, MN_FIRST_MS, mn_until_ms)):
        for k in range((until_ms - first_ms) // 20 + 1):
            run.media(k, link="wifi", to_mn=to_mn, arrives=first_ms + 20 * k + 2 < GONE_MS)
    if hangs_up:
        run.event(HANGS_UP_MS, hangs_up, "hang_up")
    return run


def numbers(result: dict[str, Any], way: str) -> list[object]:
    return [result["media"][way][name] for name in NUMBERS]


def test_a_dead_call_ends_for_both_where_its_user_hangs_up(tmp_path: Path) -> None:
    """The CN does not learn of it and goes on for 30 s; the MN's kernel has noticed the loss at 7.7 s."""
    run = dying(cn_until_ms=42_000, mn_until_ms=7700)
    run.event(7700, "lab", "carrier", link="wifi", up=False)
    result = measure_run(run.write(tmp_path / "run"))
    # Of both, 250 packets arrived, and the 550th is the last one before 12 s.
    assert numbers(result, "to_mn") == [550, 300, None, 6000.0]
    assert numbers(result, "to_cn") == [550, 300, None, 6000.0]
    assert any(one.startswith("to_mn: what was sent for 30.00 s after") for one in result["warnings"])
    assert any(one.startswith("to_cn: nothing was sent in the last 4.") for one in result["warnings"])


def test_who_was_killed_is_not_heard_until_the_end(tmp_path: Path) -> None:
    run = dying(cn_until_ms=5900, mn_until_ms=12_000)
    run.event(5900, "lab", "kill", agent="cn")
    result = measure_run(run.write(tmp_path / "run"))
    missed = {way: media["interruption_call_ms"] for way, media in result["media"].items()}
    assert missed["to_mn"] > 5900
    assert abs(missed["to_mn"] - missed["to_cn"]) < 200


def test_a_call_that_was_cut_off_lasts_as_long_as_it_should_have(tmp_path: Path) -> None:
    """The call was to last 14 s, and the MN gives up at 7 s."""
    run = dying(cn_until_ms=6900, mn_until_ms=7000, hangs_up="")
    run.event(7000, "mn", "hang_up")
    result = measure_run(run.write(tmp_path / "run"))
    for way in ("to_mn", "to_cn"):
        assert 8400 < result["media"][way]["interruption_call_ms"] <= 8540


def test_who_is_silent_with_a_carrier_is_not_accused_but_told_of(tmp_path: Path) -> None:
    result = measure_run(dying(cn_until_ms=12_000, mn_until_ms=5900).write(tmp_path / "run"))
    assert numbers(result, "to_cn")[1:] == [0, 0.0, 0.0]
    said = "to_cn: nothing was sent in the last 6.10 s before the call was over, though its sender had a carrier"
    assert [one for one in result["warnings"] if "to_cn" in one] == [f"{said}: not counted as lost"]


def test_who_has_hung_up_hears_no_more(tmp_path: Path) -> None:
    """The MN hangs up its two dialogs at 15 s; the CN hears it of UMTS's 110 ms later, and sends there for so long."""
    run = synthetic.begin("handover-standby")
    for to_mn, first_ms in ((True, CN_FIRST_MS), (False, MN_FIRST_MS)):
        for k in range(((15_120 if to_mn else 15_000) - first_ms) // 20):
            on_umts = first_ms + 20 * k > 15_000
            run.media(k, link="umts" if on_umts else "wifi", to_mn=to_mn)
    run.event(15_000, "mn", "hang_up")
    heard = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert (heard["lost"], heard["gap_call_ms"], heard["interruption_call_ms"]) == (0, 0.0, 0.0)


def test_without_a_hanging_up_captures_say_all(tmp_path: Path) -> None:
    result = measure_run(dying(cn_until_ms=42_000, mn_until_ms=7700, hangs_up="").write(tmp_path / "run"))
    assert result["media"]["to_mn"]["sent"] == 2050


def test_a_second_more_or_less_changes_nothing(tmp_path: Path) -> None:
    """Who is told late that the call is over sends for as long as the BYE takes."""
    run = dying(cn_until_ms=12_900, mn_until_ms=12_000)
    result = measure_run(run.write(tmp_path / "run"))
    assert result["media"]["to_mn"]["sent"] == 595
    assert not any("the call was over" in one for one in result["warnings"])
