"""`silence`: links that are left, and when they are good again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from agents.roles.mn.triggers.events import (
    CallMoved,
    LinkHeard,
    LinkParametersReport,
    LinkSilent,
    LinkUnheard,
    UplinkHeard,
    UplinkSilent,
)
from agents.roles.mn.triggers.fallen_silent import SilenceTrigger

from .clock import Watch

if TYPE_CHECKING:
    from agents.roles.mn.triggers.trigger import Opinion

SILENCE: dict[str, Any] = {"on": "silence", "for": 0.06, "back_after": 5.0}
SIGNAL: dict[str, Any] = {"on": "signal", "below": -60.0}
WIFI_SILENT, UMTS_SILENT = LinkSilent("wifi", 0.06, 0.06), LinkSilent("umts", 0.06, 0.06)


def probes(watch: Watch, link: str, since: float, until: float) -> None:
    """One each second."""
    for number in range(int(until - since) + 1):
        watch.tell(since + number, LinkHeard(link))


def test_a_link_that_is_silent_is_left_and_stays_so() -> None:
    watch = Watch(SILENCE)
    watch.tell(1.0, LinkHeard("wifi"))
    assert watch.went == []
    watch.tell(2.0, WIFI_SILENT)
    assert watch.went == [(2.0, "umts", "silence")]
    assert watch.because == {"kind": "silence", "silent_ms": 60.0}
    watch.tell(100.0)
    assert watch.on == "umts"


def test_one_that_stands_by_is_good_when_its_probes_have_come_for_long_enough() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, WIFI_SILENT)
    probes(watch, "wifi", 10.0, 14.0)
    assert watch.on == "umts"
    watch.tell(15.0, LinkHeard("wifi"))
    assert watch.went[1:] == [(15.0, "wifi", "silence")]


def test_a_probe_that_is_missing_begins_the_wait_anew() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, WIFI_SILENT)
    probes(watch, "wifi", 10.0, 13.0)
    probes(watch, "wifi", 15.0, 25.0)
    assert watch.went[1:] == [(20.0, "wifi", "silence")]


def test_one_probe_makes_no_link_good() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, WIFI_SILENT)
    watch.tell(3.0, LinkHeard("wifi"))
    watch.tell(60.0)
    assert watch.on == "umts"


def test_one_that_was_left_for_good_is_forgotten() -> None:
    """Bad for a while, so that a false alarm over there does not bring the call back at once; then nothing is known."""
    trigger = SilenceTrigger(SILENCE, "wifi")
    trigger.take(WIFI_SILENT, now=2.0)
    trigger.take(LinkUnheard("wifi"), now=3.0)
    assert trigger.get_timer() == 8.0
    trigger.handle_timer(now=7.9)
    assert is_good(trigger.opinion("wifi")) is False
    trigger.handle_timer(now=8.0)
    assert trigger.opinion("wifi") is None
    assert trigger.get_timer() is None


def is_good(opinion: Opinion | None) -> bool | None:
    return None if opinion is None else opinion.is_good


def test_of_two_that_were_silent_the_one_that_is_heard_is_better() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, WIFI_SILENT)
    watch.tell(3.0, LinkHeard("wifi"))
    watch.tell(3.5, UMTS_SILENT)
    assert watch.went == [(2.0, "umts", "silence"), (3.5, "wifi", "silence")]


def test_nobody_goes_from_a_silent_link_to_one_that_was_left_a_moment_ago() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, WIFI_SILENT)
    watch.tell(2.5, LinkUnheard("wifi"))
    watch.tell(3.5, UMTS_SILENT)
    assert watch.on == "umts"
    watch.tell(8.0)
    assert watch.went[1:] == [(7.5, "wifi", "silence")], "by then nothing speaks against it"


def test_when_both_are_silent_the_call_stays() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, UMTS_SILENT, WIFI_SILENT)
    watch.tell(60.0)
    assert watch.on == "wifi"
    watch.tell(61.0, LinkHeard("umts"))
    assert watch.on == "umts"


def test_a_silence_that_is_shorter_than_wanted_is_none() -> None:
    watch = Watch({**SILENCE, "for": 0.2})
    watch.tell(2.0, WIFI_SILENT)
    watch.tell(2.1, LinkHeard("wifi"))
    watch.tell(3.0, WIFI_SILENT)
    assert watch.went == []
    watch.tell(4.0)
    assert watch.went == [(3.14, "umts", "silence")]


def test_a_silence_that_is_usual_there_is_none() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, LinkSilent("wifi", 0.06, 0.12))
    watch.tell(2.05, LinkHeard("wifi"))
    watch.tell(3.0, LinkSilent("wifi", 0.06, 0.12))
    watch.tell(4.0)
    assert watch.went == [(3.06, "umts", "silence")]


def test_one_that_the_peer_does_not_hear_is_left_and_good_after_its_report() -> None:
    watch = Watch(SILENCE)
    watch.tell(2.0, UplinkSilent("wifi"))
    assert watch.went == [(2.0, "umts", "silence")]
    assert watch.because == {"kind": "silence", "uplink": True}
    probes(watch, "wifi", 3.0, 20.0)
    assert watch.on == "umts", "that we hear the peer there says nothing of it"
    watch.tell(20.5, UplinkHeard("wifi"))
    probes(watch, "wifi", 21.0, 30.0)
    assert watch.went[1:] == [(25.5, "wifi", "silence")]


def test_what_is_good_again_is_no_reason_to_come_back_from_what_another_has_left() -> None:
    watch = Watch({"on": "any", "of": [SILENCE, SIGNAL]})
    watch.tell(1.0, LinkParametersReport("wifi", -50.0))
    watch.tell(2.0, WIFI_SILENT)
    probes(watch, "wifi", 3.0, 9.0)
    assert watch.went[1:] == [(8.0, "wifi", "silence")]
    watch.tell(9.5, CallMoved("wifi"))
    watch.tell(10.0, LinkParametersReport("wifi", -61.0))
    probes(watch, "wifi", 11.0, 30.0)
    assert watch.on == "umts"


EVENTS = st.sampled_from(
    [
        kind(link)
        for link in ("wifi", "umts")
        for kind in (
            LinkHeard,
            LinkUnheard,
            UplinkSilent,
            UplinkHeard,
            CallMoved,
            lambda name: LinkSilent(name, 0.06, 0.1),
        )
    ]
)


@given(st.lists(st.tuples(st.floats(0.0, 3.0), EVENTS)), st.sampled_from([0.06, 0.2]))
def test_whatever_happens_no_timer_is_due_for_ever(timed: list[tuple[float, Any]], for_s: float) -> None:
    watch, now = Watch({**SILENCE, "for": for_s}), 0.0
    for wait, event in timed:
        now += wait
        watch.tell(now, event)
    watch.tell(now + 60.0)
    assert watch.decision.get_timer() is None, "and it ends"
