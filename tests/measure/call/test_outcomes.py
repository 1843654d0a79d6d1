"""What became of a handover, and which of several a silence or a loss belongs to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure.result.run import measure_run
from tests.measure import synthetic
from tests.measure.synthetic import CN_FIRST_MS, MN_FIRST_MS, PACKETS, Run

if TYPE_CHECKING:
    from pathlib import Path

HANDOVER = "Require: handover\r\nHandover: a@mn;to-tag=cn;from-tag=mn\r\n"


def stays_on_wifi() -> Run:
    """A call all over WiFi, in which a handover is triggered at 6 s; UMTS is there."""
    run = synthetic.plain_run("handover-cn")
    run.event(200, "lab", "attached", link="umts")
    run.event(250, "lab", "address", link="umts", address=synthetic.ADDRESS["umts"])
    run.event(6000, "mn", "trigger", kind="signal", link="wifi", to="umts")
    return run


def outcome(result: dict[str, Any]) -> tuple[object, ...]:
    handover = result["handover"]
    return tuple(handover[name] for name in ("outcome", "status", "new_path", "delay_ms"))


def test_a_handover_that_was_refused_went_nowhere(tmp_path: Path) -> None:
    run = stays_on_wifi()
    run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=HANDOVER, status=603)
    result = measure_run(run.write(tmp_path / "run"))
    assert outcome(result) == ("refused", 603, None, None)
    assert result["handover"]["window_s"]["to_mn"]["released"] is False
    assert result["warnings"] == ["no handover took place: the one to umts was refused (603): the call stayed on wifi"]


def test_one_that_succeeds_after_a_challenge_was_not_refused(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    run.invite(6002, link="umts", call_id="c@mn", cseq=1, tags=("mn3", "cn3"), extra=HANDOVER, status=407)
    result = measure_run(run.write(tmp_path / "run"))
    assert outcome(result) == ("done", 200, "umts", 1617.0)


def test_one_that_nobody_answered_went_nowhere(tmp_path: Path) -> None:
    run = stays_on_wifi()
    run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=HANDOVER)
    for name in ("mn-umts",):  # the answer does not arrive
        run.captured[name] = run.captured[name][:1]
    result = measure_run(run.write(tmp_path / "run"))
    assert outcome(result) == ("unanswered", None, None, None)
    assert "never answered" in result["warnings"][0]


def test_a_second_dialog_that_is_no_handover_is_undone(tmp_path: Path) -> None:
    run = stays_on_wifi()
    _, back = run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=HANDOVER)
    run.event(back, "mn", "handover_failed", status=200)
    result = measure_run(run.write(tmp_path / "run"))
    assert outcome(result) == ("undone", 200, None, None)


def test_what_failed_and_then_succeeded_is_done(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    _, back = run.invite(6001, link="umts", call_id="c@mn", cseq=1, tags=("mn3", "cn3"), extra=HANDOVER, status=486)
    run.event(back, "mn", "handover_failed", status=486)
    run.event(7520, "mn", "handover_done", link="umts")
    assert outcome(measure_run(run.write(tmp_path / "run")))[:3] == ("done", 200, "umts")


def test_a_refresh_over_the_old_link_is_not_the_handover(tmp_path: Path) -> None:
    run = stays_on_wifi()
    run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=HANDOVER, status=486)
    run.invite(8000, link="wifi", call_id="a@mn", cseq=5, tags=("mn", "cn"), to_tag="cn")
    result = measure_run(run.write(tmp_path / "run"))
    assert outcome(result) == ("refused", 486, None, None)


def test_nor_is_it_that_of_a_phone_that_says_nothing(tmp_path: Path) -> None:
    """It sent an INVITE over UMTS, which was refused, and refreshes over WiFi later."""
    run = synthetic.plain_run("handover-cn")
    run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=HANDOVER, status=486)
    run.invite(8000, link="wifi", call_id="a@mn", cseq=5, tags=("mn", "cn"), to_tag="cn")
    manifest = run.write(tmp_path / "run") / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "mn": "phone"}))
    assert outcome(measure_run(tmp_path / "run")) == ("refused", 486, None, None)


def test_a_run_in_which_nothing_was_triggered_says_so(tmp_path: Path) -> None:
    result = measure_run(synthetic.plain_run("reinvite").write(tmp_path / "run"))
    assert result["handovers"] == []
    assert result["warnings"] == ["no handover took place: nothing triggered one"]


def flapping(moves: tuple[tuple[float, float, str], ...], lost: range) -> Run:
    """Re-INVITEs that are triggered at the first time and leave at the second; packets of these numbers get lost."""
    run = synthetic.begin("reinvite")
    run.event(200, "lab", "attached", link="umts")
    done = []
    for cseq, (trigger_ms, at_ms, link) in enumerate(moves, start=2):
        run.event(trigger_ms, "mn", "trigger", kind="signal", link="umts" if link == "wifi" else "wifi", to=link)
        there, back = run.invite(at_ms, link=link, call_id="a@mn", cseq=cseq, tags=("mn", "cn"), to_tag="cn")
        done.append((there, back, link))
    for k in range(PACKETS):
        for to_mn, first_ms in ((True, CN_FIRST_MS), (False, MN_FIRST_MS)):
            sent, link = first_ms + 20 * k, "wifi"
            for there, back, new in done:
                link = new if sent >= (there if to_mn else back) else link
            run.media(k, link=link, to_mn=to_mn, arrives=k not in lost)
    run.bye(15_200, link=done[-1][2], call_id="a@mn", cseq=9, tags=("mn", "cn"))
    return run


def test_a_window_ends_where_the_next_one_begins(tmp_path: Path) -> None:
    """The first INVITE's answer takes longer than it is until the next trigger."""
    run = flapping(((5000, 6900, "umts"), (7000, 9000, "wifi")), range(0))
    first, second = measure_run(run.write(tmp_path / "run"))["handovers"]
    for way in ("to_mn", "to_cn"):
        assert first["window_s"][way] == {"open": 5.0, "close": 7.0, "released": False}
        assert second["window_s"][way]["open"] == 7.0
    assert first["delay_ms"] is None


@pytest.mark.parametrize(
    ("lost", "owner"),
    [
        (
            range(290, 310),
            1,
        ),  # silent from 6.8 s to 7.2 s over the path of the first handover, which is done: the second
        (range(255, 285), 0),
    ],
)
def test_what_is_lost_between_two_handovers_counts_once(tmp_path: Path, lost: range, owner: int) -> None:
    run = flapping(((6000, 6004, "umts"), (7000, 7004, "wifi")), lost)
    result = measure_run(run.write(tmp_path / "run"))
    for way in ("to_mn", "to_cn"):
        media = [one["media"][way] for one in result["handovers"]]
        counted = [one["lost_in_window"] for one in media]
        assert sum(counted) <= len(lost)
        assert sum(one["interruption_ms"] for one in media) <= result["media"][way]["interruption_call_ms"]
        assert (counted[1 - owner], media[1 - owner]["gap_ms"] < 300) == (0, True)
        assert (counted[owner], media[owner]["gap_ms"] >= 200) == (len(lost), True)


def test_a_silence_before_the_first_new_packet_is_the_first_handovers(tmp_path: Path) -> None:
    """Silent from 5.9 s on, and the handover of 6 s has brought nothing by 7 s."""
    run = flapping(((6000, 6500, "umts"), (7000, 7004, "wifi")), range(245, 320))
    result = measure_run(run.write(tmp_path / "run"))
    first, second = (one["media"]["to_mn"] for one in result["handovers"])
    assert (first["lost_in_window"], second["lost_in_window"]) == (75, 0)
    assert first["gap_ms"] > 1400
    assert second["gap_ms"] < 100
    whole = result["media"]["to_mn"]["interruption_call_ms"]
    assert first["interruption_ms"] == whole > 1400
    assert second["interruption_ms"] == 0
