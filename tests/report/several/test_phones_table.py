"""Tables about correspondents: what they answered to the probe, where a BYE went, what the question costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from testbed.measure.call.unaided import NOTHING_TRIGGERED
from testbed.report.several.phones_table import PhoneRun, round_ms, route, setup_table, tables, verdict, where
from testbed.report.terminal import wide_console
from tests.report.one_run.test_ladder import CN, HOME, UMTS, WIFI, at, chart, message

if TYPE_CHECKING:
    import pytest

    from testbed.measure.result.chart import Passage


def run(*passages: Passage, setup_ms: float | None = None, seed: int = 1) -> PhoneRun:
    result: dict[str, Any] = {"signalling": {"setup_ms": setup_ms}}
    return PhoneRun("phone", "cn", seed, result, chart(*passages), 0)


def numbered(passage: Passage, cseq: int) -> Passage:
    return replace(passage, message=replace(passage.message, cseq=cseq))


def asked(status: int, require: str = "") -> list[Passage]:
    """The B2BUA asks the CN; the MN has asked the B2BUA before."""
    return [
        at(0, message("INVITE", receiver=HOME, require="handover", call_id="a@mn")),
        at(5, message("INVITE", sender=HOME, require="handover", call_id="b@home")),
        at(10, message("INVITE", status, sender=CN, receiver=HOME, require=require, call_id="b@home")),
    ]


def test_what_the_answer_proves() -> None:
    """RFC 3261 8.2.4: an extension that was applied stands in the answer's Require."""
    assert verdict(run(*asked(420))) == "420"
    assert verdict(run(*asked(200))) == "200 without proof"
    assert verdict(run(*asked(200, "handover"))) == "200 with proof"
    assert verdict(run(*asked(200)[:2])) == "–"
    assert verdict(run(at(0, message("INVITE")), at(2, message("INVITE", 200, sender=CN, receiver=WIFI)))) == "–"


def test_a_challenge_is_no_answer_to_the_question() -> None:
    challenge = at(2, message("INVITE", 401, sender=CN, receiver=WIFI))
    again = numbered(at(4, message("INVITE", require="handover")), 2)
    refusal = numbered(at(6, message("INVITE", 420, sender=CN, receiver=WIFI)), 2)
    third = numbered(at(9, message("INVITE")), 3)
    mine = run(at(0, message("INVITE", require="handover")), challenge, again, refusal, third)
    assert verdict(mine) == "420"
    assert round_ms(mine) == 5.0
    assert where(mine) == ("wifi", "direct")


def test_an_invite_that_hands_over_is_not_the_question() -> None:
    assert verdict(run(at(0, message("INVITE", require="handover", handover="a@mn;to-tag=x")))) == "–"


def test_runs_of_several_seeds_are_one_row_and_where_they_differ_each_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    media = {"gap_ms": 110.0, "path_step_ms": 100.0, "interruption_ms": 0.0, "lost_in_window": 0}
    moved = {
        "handover": {"trigger_s": 12.1},
        "warnings": [],
        "media": {"to_mn": media, "to_cn": {**media, "gap_ms": 20.0}},
    }
    runs = [
        replace(one, result={**one.result, **moved})
        for seed, status in enumerate((420, 420, 200), start=1)
        for one in (run(*asked(status), setup_ms=27.0, seed=seed),)
    ]
    wide_console().print(tables(runs))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    (row,) = (line for line in lines if line.startswith("phone cn 420"))
    assert row == ("phone cn 420 (2), 200 without proof (1) 3 27.0 each to MN 110.0 each 100.0 each 0.0 each 0 each")
    assert next(line for line in lines if line.startswith("to CN")).split()[2] == "20.0"


def test_route_of_a_bye() -> None:
    there = [at(0, message("BYE", sender=CN, receiver=HOME)), at(1, message("BYE", sender=HOME, receiver=UMTS))]
    assert route(run(), there) == "cn > home > mn umts"
    lost = replace(at(1, message("BYE", sender=HOME, receiver=WIFI)), is_lost=True)
    assert route(run(), [there[0], lost, there[1]]) == "cn > home > mn wifi (lost), home > mn umts"
    assert not route(run(), [])


def test_what_the_question_costs_seed_by_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """5 and 7 ms more, by Student's t of two: 6 ±12.7; what has no pair counts in its own mean alone."""
    again = numbered(at(12.5, message("INVITE", sender=HOME, call_id="b@home")), 2)
    with_it = [run(*asked(420), again, setup_ms=ms, seed=seed) for seed, ms in ((1, 30.0), (2, 34.0), (3, 38.0))]
    plain = (asked(420)[0], at(5, message("INVITE", sender=HOME, call_id="b@home")))
    without = [run(*plain, setup_ms=ms, seed=seed) for seed, ms in ((1, 25.0), (2, 27.0))]
    wide_console().print(setup_table([*with_it, *without]))
    last = " ".join(capsys.readouterr().out.splitlines()[-1].split())
    assert last == "wifi by home 2 + 3 26.0 ±12.7 34.0 ±9.9 6.0 ±12.7 7.5 each"


def test_warnings_are_said_once_and_not_that_a_call_set_up_was_not_handed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = {"warnings": [NOTHING_TRIGGERED, "a capture dropped 3 packets"], "handover": None}
    one = run(*asked(420), setup_ms=9.0)
    wide_console().print(tables([replace(one, result={**one.result, **said})] * 2))
    warnings = [line.strip() for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert warnings == ["warning, phone: a capture dropped 3 packets (2 runs)"]
