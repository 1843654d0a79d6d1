"""Tables about correspondents: what they answered to the probe, where a BYE went, what the question costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from testbed.measure.call.unaided import NOTHING_TRIGGERED
from testbed.report.several.phones_table import PhoneRun, round_ms, route, setup_table, tables, verdict, where
from testbed.report.terminal import console
from tests.report.one_run.test_ladder import CN, HOME, UMTS, WIFI, at, chart, message

if TYPE_CHECKING:
    import pytest

    from testbed.measure.result.chart import Passage


def run(*passages: Passage, setup_ms: float | None = None) -> PhoneRun:
    result: dict[str, Any] = {"signalling": {"setup_ms": setup_ms}}
    return PhoneRun("phone", "cn", result, chart(*passages), 0)


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


def test_route_of_a_bye() -> None:
    there = [at(0, message("BYE", sender=CN, receiver=HOME)), at(1, message("BYE", sender=HOME, receiver=UMTS))]
    assert route(run(), there) == "cn > home > mn umts"
    lost = replace(at(1, message("BYE", sender=HOME, receiver=WIFI)), is_lost=True)
    assert route(run(), [there[0], lost, there[1]]) == "cn > home > mn wifi (lost), home > mn umts"
    assert not route(run(), [])


def test_what_the_question_costs(capsys: pytest.CaptureFixture[str]) -> None:
    again = numbered(at(12.5, message("INVITE", sender=HOME, call_id="b@home")), 2)
    with_it = [run(*asked(420), again, setup_ms=ms) for ms in (30.0, 34.0)]
    without = run(asked(420)[0], at(5, message("INVITE", sender=HOME, call_id="b@home")), setup_ms=25.0)
    console().print(setup_table([*with_it, without]))
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert last == [
        "wifi",
        "by",
        "home",
        "1",
        "+",
        "2",
        "25.0,",
        "25.0",
        "to",
        "25.0",
        "32.0,",
        "30.0",
        "to",
        "34.0",
        "7.0",
        "7.5,",
        "7.5",
        "to",
        "7.5",
    ]


def test_warnings_are_said_once_and_not_that_a_call_set_up_was_not_handed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = {"warnings": [NOTHING_TRIGGERED, "a capture dropped 3 packets"], "handover": None}
    one = run(*asked(420), setup_ms=9.0)
    console().print(tables([replace(one, result={**one.result, **said})] * 2))
    warnings = [line.strip() for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert warnings == ["warning, phone: a capture dropped 3 packets (2 runs)"]
