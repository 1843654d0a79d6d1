"""Handovers to a dialog that stood by: where they begin and end, when no message of SIP says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.result.run import measure_run
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from pathlib import Path


def test_a_break_that_the_ends_heard_is_in_the_window(tmp_path: Path) -> None:
    result = measure_run(standby.standby_run().write(tmp_path / "run"))
    (one,) = result["handovers"]
    assert (one["outcome"], one["old_path"], one["new_path"], one["kind"]) == ("done", "wifi", "umts", "link-down")
    # Down: packet 249 over WiFi in at 5989 ms, 250 said again over UMTS in at 6156. Up: 249 in at 5985, 250 at 6160.
    assert one["media"]["to_mn"]["gap_ms"] == 6156 - 5989 - 20
    assert one["media"]["to_cn"]["gap_ms"] == 6160 - 5985 - 20
    for way in ("to_mn", "to_cn"):
        assert (one["media"][way]["path_step_ms"], one["media"][way]["lost_in_window"]) == (108.0, 0)
        assert one["media"][way]["interruption_ms"] == result["media"][way]["interruption_call_ms"] > 0
    # The CN heard it first, at 6046 ms: 37 ms after packet 250 was due at the MN.
    assert one["phases_ms"] == {"detect": 37.0, "attach": 0.0, "address": 0.0, "signalling": None, "media": 110.0}
    assert (one["trigger_s"], one["delay_ms"]) == (7.717, 110.0)
    # The CN's copies end at 7827 ms, the MN's with its carrier; packets 336 and 331 are the next over UMTS.
    assert one["window_s"] == {
        "to_mn": {"open": 5.985, "close": 7.837, "released": True},
        "to_cn": {"open": 5.985, "close": 7.733, "released": True},
    }
    assert result["warnings"] == []


def test_a_silence_before_that_was_over_for_a_second_is_none_of_its(tmp_path: Path) -> None:
    run = standby.standby_run()
    standby.alarm(run, 4950, end="mn")  # from here to the break 52 packets came
    result = measure_run(run.write(tmp_path / "run"))
    assert result["handovers"][0]["window_s"]["to_mn"]["open"] == 5.985


def test_one_that_was_over_for_less_is(tmp_path: Path) -> None:
    run = standby.standby_run()
    standby.alarm(run, 5050, end="mn")
    result = measure_run(run.write(tmp_path / "run"))
    assert result["handovers"][0]["window_s"]["to_mn"]["open"] == 5.049


def test_a_silence_of_the_other_link_is_none_of_its(tmp_path: Path) -> None:
    run = standby.standby_run()
    run.event(5900, "mn", "silence", local=synthetic.ADDRESS["umts"], remote=synthetic.ADDRESS["cn"], limit_s=0.06)
    assert measure_run(run.write(tmp_path / "run"))["handovers"][0]["window_s"]["to_mn"]["open"] == 5.985


def test_what_was_to_be_moved_and_was_not_is_told(tmp_path: Path) -> None:
    run = standby.standby_run()
    run.events = [one for one in run.events if one["event"] != "handover_done"]
    result = measure_run(run.write(tmp_path / "run"))
    assert result["handovers"][0]["outcome"] == "not tried"
    assert result["warnings"][0] == (
        "no handover took place: a dialog stood by, and nothing of the call was moved to umts: the call stayed on wifi"
    )


def test_without_a_dialog_that_stands_it_is_a_handover_like_any_other(tmp_path: Path) -> None:
    run = standby.standby_run()
    run.bye(5000, link="umts", call_id="b@mn", cseq=7, tags=("mn2", "cn2"))
    (one,) = measure_run(run.write(tmp_path / "run"))["handovers"]
    assert one["window_s"]["to_mn"]["open"] == 7.717


def test_copies_that_go_on_for_ever_leave_the_window_open(tmp_path: Path) -> None:
    run = standby.begin()
    _moved(run)
    result = measure_run(run.write(tmp_path / "run"))
    assert not result["handovers"][0]["window_s"]["to_mn"]["released"]
    assert result["warnings"] == [
        "the old path carried copies all the time: the handover window lasts until the media end"
    ]


def test_copies_that_are_to_go_on_for_ever_close_it_when_the_call_is_moved(tmp_path: Path) -> None:
    run = standby.begin("always")
    _moved(run)
    result = measure_run(run.write(tmp_path / "run"))
    # Packet 245 over UMTS in at 6017 ms, 245 the other way at 6013.
    assert result["handovers"][0]["window_s"] == {
        "to_mn": {"open": 6.0, "close": 6.017, "released": True},
        "to_cn": {"open": 6.0, "close": 6.013, "released": True},
    }
    assert result["warnings"] == []


def test_a_move_because_the_dialog_was_ended_has_no_trigger_and_is_found(tmp_path: Path) -> None:
    run = standby.begin("always")
    _moved(run)
    run.events = [one for one in run.events if one["event"] != "trigger"]
    (one,) = measure_run(run.write(tmp_path / "run"))["handovers"]
    assert (one["kind"], one["old_path"], one["new_path"]) == ("dialog ended", "wifi", "umts")


def _moved(run: synthetic.Run) -> None:
    """The call is moved at 6000 ms; all of it goes over both."""
    run.event(6000, "mn", "trigger", kind="signal", link="wifi", to="umts")
    run.event(6000, "mn", "handover_done", link="umts")
    for k in range(synthetic.PACKETS):
        for link in ("wifi", "umts"):
            for to_mn in (True, False):
                run.media(k, link=link, to_mn=to_mn)
    for link, call_id in (("wifi", "a@mn"), ("umts", "b@mn")):
        run.bye(15_200, link=link, call_id=call_id, cseq=2, tags=("mn", "cn") if link == "wifi" else ("mn2", "cn2"))


def test_an_alarm_without_a_move_makes_no_handover(tmp_path: Path) -> None:
    result = measure_run(standby.late_run().write(tmp_path / "run"))
    assert result["handovers"] == []
    assert result["warnings"] == ["no handover took place: nothing triggered one"]
