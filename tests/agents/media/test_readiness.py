"""Which legs media go on, and what is said again: one end, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from agents.media.leg import Leg
from agents.media.readiness import GOOD_S, PROBE_S, Copies, LegReadiness
from agents.media.silences import SILENCE, SILENCE_S, Silences
from agents.rtp.leg_notice import LegNotice
from agents.sip.message.address import Address


class End:
    """A node that says a packet each 20 ms, on the legs that it is told."""

    def __init__(self, copies: Copies = Copies.ON_SILENCE, *, leads: bool = True) -> None:
        self.now = 0.0
        self.number = 65530
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.silences = Silences()
        self.silences.listen(least_s=SILENCE_S)
        for number, name in enumerate(("wifi", "umts")):
            self.silences.expect(name, Leg(Address(f"10.0.{number}.1", 20000), Address("10.0.9.1", 30000)))
        self.readiness = LegReadiness(copies, self.silences, self._tell, leads=leads)
        self.readiness.add("wifi", is_ready=False, now=0.0)
        self.readiness.add("umts", is_ready=True, now=0.0)
        #: What went where: numbers, what is said again too.
        self.sent: dict[str, list[int]] = {"wifi": [], "umts": []}

    def _tell(self, event: str, leg: object, **facts: object) -> None:
        del leg
        self.told.append((event, dict(facts)))

    def run(self, seconds: float, *, hearing: tuple[str, ...] = ()) -> None:
        """Speaks, and hears a packet each 20 ms on some legs."""
        for _ in range(round(seconds / 0.02)):
            for name in hearing:
                watch = self.silences.watch(name)
                assert watch is not None
                watch.heard(now=self.now)
            until = self.now + 0.02
            while (timer := self._get_timer()) is not None and timer < until - 1e-9:
                self.now = max(self.now, timer)
                for silent in self.silences.handle_timer(now=self.now):
                    self._tell(SILENCE, silent)
                self.readiness.handle_timer(now=self.now)
                self._take()
            self.now = until
            self.number = (self.number + 1) & 0xFFFF
            data = bytes(2) + self.number.to_bytes(2, "big")
            for leg in self.readiness.sent(data, now=self.now):
                self.sent[str(leg)].append(self.number)

    def _get_timer(self) -> float | None:
        timers = (self.silences.get_timer(), self.readiness.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def hear(self, leg: str, *, is_wanted: bool, is_silent: bool = False, highest: int | None = None) -> None:
        self.readiness.take(leg, LegNotice(1, is_wanted, is_silent, highest), now=self.now)
        self._take()

    def _take(self) -> None:
        for leg, data in self.readiness.again():
            self.sent[str(leg)].append(int.from_bytes(data[2:4], "big"))


def test_one_leg_carries_the_call_the_other_one_is_probed() -> None:
    end = End()
    end.run(10.0, hearing=("wifi",))
    assert len(end.sent["wifi"]) == 500
    assert len(end.sent["umts"]) == pytest.approx(10.0 / PROBE_S, abs=1)


def test_who_hears_nothing_says_again_what_may_be_lost_and_goes_on_over_both() -> None:
    end = End()
    end.run(2.0, hearing=("wifi",))
    before = len(end.sent["umts"])
    end.run(0.5)
    said = sorted(end.sent["umts"][before:])  # a probe among them was not said again
    assert said == end.sent["wifi"][-len(said) :], "each once, without a hole"
    assert 25 + 3 <= len(said) <= 25 + 7, "from 100 ms before the last packet that came"
    assert [event for event, _ in end.told] == ["silence", "said_again", "copies"]


def test_copies_end_when_the_leg_has_been_heard_for_a_while() -> None:
    end = End()
    end.run(2.0, hearing=("wifi",))
    end.run(0.5)
    end.run(GOOD_S - 0.1, hearing=("wifi",))
    assert end.readiness.is_on("umts")
    end.run(0.3, hearing=("wifi",))
    assert not end.readiness.is_on("umts")
    assert end.told[-1][0] == "copies_end"


def test_a_leg_that_was_left_before_is_not_waited_for() -> None:
    end = End(leads=False)
    end.run(2.0, hearing=("wifi",))
    end.run(2.0, hearing=("wifi", "umts"))
    end.run(1.0, hearing=("wifi",))
    end.run(0.5)
    assert end.readiness.is_on("umts")
    end.run(GOOD_S + 0.2, hearing=("wifi",))
    assert not end.readiness.is_on("umts")


def test_the_other_end_is_said_what_it_lacks_and_no_more() -> None:
    end = End(leads=False)
    end.run(2.0, hearing=("wifi",))
    highest = end.sent["wifi"][-11]
    end.hear("umts", is_wanted=True, is_silent=True, highest=highest)
    assert end.sent["umts"][-10:] == end.sent["wifi"][-10:]
    count = len(end.sent["umts"])
    end.hear("umts", is_wanted=True, is_silent=True, highest=highest)
    assert len(end.sent["umts"]) == count, "once"


def test_who_only_wants_copies_has_missed_nothing() -> None:
    end = End(leads=False)
    end.run(2.0, hearing=("wifi",))
    count = len(end.sent["umts"])
    end.hear("umts", is_wanted=True, highest=end.sent["wifi"][-11])
    assert len(end.sent["umts"]) == count
    assert end.readiness.is_on("umts")


def test_half_a_second_is_the_most_that_is_said_again() -> None:
    end = End(leads=False)
    end.run(5.0, hearing=("wifi",))
    count = len(end.sent["umts"])
    end.hear("umts", is_wanted=True, is_silent=True, highest=end.sent["wifi"][0])
    assert len(end.sent["umts"]) - count <= 25


def test_who_is_asked_for_a_leg_at_risk_copies_until_it_is_told_whether_there_is_one() -> None:
    end = End(Copies.AT_RISK, leads=False)
    end.run(0.5, hearing=("wifi",))
    assert end.sent["umts"] == end.sent["wifi"]
    assert end.told == [("copies", {"because": ["a new leg"]})]
    end.hear("wifi", is_wanted=True)
    end.hear("umts", is_wanted=False)
    assert not end.readiness.is_on("umts")
    assert end.told[-1][0] == "copies_end"


def test_who_does_not_lead_misses_nothing_when_copies_end() -> None:
    end = End(leads=False)
    end.run(1.0, hearing=("wifi", "umts"))
    end.run(0.5, hearing=("wifi",))
    watch = end.silences.watch("umts")
    assert watch is not None
    assert watch.is_silent
    assert not end.readiness.is_missed("umts", now=end.now)
    assert end.readiness.is_missed("wifi", now=end.now)
    end.run(0.5)
    assert end.readiness.is_missed("umts", now=end.now)


def test_who_leads_knows_whether_there_is_a_risk() -> None:
    end = End(Copies.AT_RISK)
    end.run(0.5, hearing=("wifi",))
    assert not end.readiness.is_on("umts")


def test_who_does_not_lead_follows() -> None:
    end = End(leads=False)
    end.run(1.0, hearing=("wifi",))
    end.hear("umts", is_wanted=True)
    end.hear("wifi", is_wanted=False)
    end.run(2.0, hearing=("umts",))
    assert end.readiness.is_on("umts")
    assert not end.readiness.is_on("wifi")


def test_a_peer_that_wants_media_nowhere_gets_them_everywhere() -> None:
    """It can't mean that: what it has said last of each leg may be about different times."""
    end = End(leads=False)
    end.hear("umts", is_wanted=False)
    end.hear("wifi", is_wanted=False)
    assert end.readiness.is_on("umts")
    assert end.readiness.is_on("wifi")


def test_who_leads_says_where_and_the_other_leg_stands_by() -> None:
    end = End()
    end.run(1.0, hearing=("wifi",))
    end.readiness.lead("umts", now=end.now)
    assert (end.readiness.wants("umts"), end.readiness.wants("wifi")) == (True, False)
    assert {notice.leg: notice.is_wanted for notice in end.readiness.notices()}["wifi"] is False
    end.run(2.0, hearing=("umts",))
    assert not end.readiness.is_on("wifi")


def test_always_is_both() -> None:
    end = End(Copies.ALWAYS)
    end.run(1.0, hearing=("wifi", "umts"))
    assert end.sent["wifi"] == end.sent["umts"]


def test_reasons_end_one_by_one() -> None:
    end = End()
    end.readiness.want_copies("risk", is_so=True, now=0.0)
    end.readiness.want_copies("handover", is_so=True, now=0.0)
    end.readiness.want_copies("risk", is_so=False, now=0.0)
    assert end.readiness.is_on("umts")
    end.readiness.want_copies("handover", is_so=False, now=0.0)
    assert not end.readiness.is_on("umts")


def test_the_last_leg_carries_the_call_whatever_it_was() -> None:
    end = End()
    end.readiness.drop("wifi", now=0.0)
    assert end.readiness.is_on("umts")
    assert end.readiness.get_timer() is None


def carrying(end: End) -> object:
    """The leg that the call is on, as far as it knows."""
    return end.readiness.main


def is_silent(end: End) -> bool:
    return end.readiness.is_silent


def test_who_does_not_lead_learns_where_the_call_is() -> None:
    """From what is wanted on one leg alone; while both are, it is where it was."""
    end = End(leads=False)
    assert carrying(end) == "wifi"
    end.hear("umts", is_wanted=True)
    end.hear("wifi", is_wanted=True)
    end.hear("wifi", is_wanted=False)
    assert carrying(end) == "umts"
    end.hear("wifi", is_wanted=True)
    assert carrying(end) == "umts"
    end.readiness.drop("umts", now=end.now)
    assert carrying(end) == "wifi"


def test_an_end_that_has_nothing_to_say_is_not_missed() -> None:
    """Told of it in time there is no silence; told of it later there is one no more."""
    end = End()
    end.run(2.0, hearing=("wifi",))
    end.readiness.take("wifi", LegNotice(1, True, False, None, is_quiet=True), now=end.now)
    end.run(2.0)
    assert end.told == []
    end.run(2.0, hearing=("wifi",))
    end.run(0.2)
    assert is_silent(end)
    end.readiness.take("wifi", LegNotice(1, True, False, None, is_quiet=True), now=end.now)
    assert not is_silent(end)
    before = len(end.sent["umts"])
    end.run(2.0)
    assert len(end.sent["umts"]) - before <= 3
