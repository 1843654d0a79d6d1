"""What the mobile node's triggers hear, brought together: its kernel, its radios, its receiver, and what is around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.hearing import Hearing
from agents.roles.mn.quench import parse_quench
from agents.roles.mn.triggers import make_decision
from agents.roles.mn.triggers.events import (
    BatteryReport,
    CallMoved,
    LinkDown,
    LinkParametersReport,
    LinkUp,
    PositionReport,
    ReceptionReport,
    SourceQuench,
    StreamReport,
)
from agents.roles.role import HearQuenches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.roles.mn.risk import Risk
    from agents.roles.mn.triggers.decision import Verdict
    from agents.roles.mn.triggers.events import LinkEvent

# How often the received stream is looked at, where a trigger wants that.
LOOK_INTERVAL_S = 0.1


class Sensing:
    """Turns news into the triggers' events, and asks the decision about the link that the call is on."""

    def __init__(self, config: dict[str, Any], call: Call) -> None:
        """`config` is the mobile node's: its `trigger`, its two links, and what is known of the `networks`."""
        self._call = call
        links = config["first_link"], config["second_link"]
        networks = config.get("networks", {})
        self._decision = make_decision(config["trigger"], links, networks)
        self._risk: Risk | None = None
        if config.get("risk") is not None:
            from agents.roles.mn.risk import Risk  # noqa: PLC0415 - few schemes ask

            self._risk = Risk(config["risk"], links, networks)
        self._next_look: float | None = None
        self._hearing: Hearing | None = None
        if "silence" in self._decision.watches:
            self._hearing = Hearing(call)
            call.media.silences.listen(least_s=self._decision.silence_s)

    def link_changed(self, link: Link, news: list[str], *, now: float) -> None:
        """The kernel's news of a link, by the names that they have in the log."""
        for event in link_events(link, news):
            self._take(event, now=now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A line from outside; raises KeyError for one of a kind that there is not."""
        if report["report"] == "icmp":
            self._take_quench(report["data"], now)
        else:
            self._take(event_of(report), now=now)

    def call_established(self, *, now: float) -> None:
        """There is a call to be handed over, and a stream to be watched."""
        networks = [network.facts() for network in self._decision.surroundings.around()]
        self._call.tell("networks_around", networks=networks)
        watched = self._decision.watches | (self._risk.watches if self._risk is not None else frozenset())
        if "stream" in watched:
            self._next_look = now + LOOK_INTERVAL_S
        if "quench" in watched:
            self._call.commands.append(HearQuenches())

    def handed_over(self, *, now: float) -> None:
        """The call is on another link now."""
        self._take(CallMoved(self._call.link.name), now=now)
        self._decision.handed_over(now=now)

    def verdict(self, *, now: float) -> Verdict | None:
        """What is to be done, if anything."""
        return self._decision.verdict(self._call.link.name, now=now)

    def danger(self, *, now: float) -> dict[str, Any] | None:
        """Why the link that the call is on is in danger; None where it is not, or nobody wants to know."""
        return None if self._risk is None else self._risk.of(self._call.link.name, now=now)

    def listen(self, *, now: float) -> bool:
        """After media have come, or have not; returns whether that is news."""
        if self._hearing is None or not self._call.is_up:
            return False
        news = self._hearing.news(now=now)
        for event in news:
            self._take(event, now=now)
        return bool(news)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next; never without a call."""
        if not self._call.is_up:
            return None
        risk_timer = None if self._risk is None else self._risk.get_timer()
        timers = (self._next_look, self._decision.get_timer(), risk_timer)
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> bool:
        """Do what is due; returns whether there was anything, so that there may be another verdict."""
        is_news, timer = self.listen(now=now), self.get_timer()
        if timer is None or now < timer:
            return is_news
        if self._next_look is not None and now >= self._next_look:
            self._next_look = now + LOOK_INTERVAL_S
            self._look(now)
        self._decision.handle_timer(now=now)
        if self._risk is not None:
            self._risk.handle_timer(now=now)
        return True

    def _take(self, event: LinkEvent, *, now: float) -> None:
        self._decision.take(event, now=now)
        if self._risk is not None:
            self._risk.take(event, now=now)

    def _take_quench(self, packet: bytes, now: float) -> None:
        """Believes one that quotes a stream of ours over the link that the call is on."""
        quench, link = parse_quench(packet), self._call.link
        if quench is None:
            return
        ours = {(leg.local[:2], leg.remote[:2]) for leg in self._call.media.legs.values()}
        is_ours = (quench.source[:2], quench.destination[:2]) in ours and quench.source.ip == link.address
        self._call.tell("source_quench", router=quench.router, is_ours=is_ours)
        if is_ours:
            self._take(SourceQuench(link.name), now=now)

    def _look(self, now: float) -> None:
        """At the stream over the link that the call is on, and what RTCP says of ours."""
        link, media = self._call.link, self._call.media
        receiver, legs = media.receiver, media.legs
        name = next((name for name, leg in legs.items() if leg.local.ip == link.address), None)
        if name is None or (statistics := receiver.statistics(legs[name].path)) is None:
            return
        session = media.reports.sessions.get(name)
        block = None if session is None else session.remote_report
        if block is not None:
            self._take(ReceptionReport(link.name, block.fraction_lost / 256), now=now)
        path = legs[name].path
        counts, delay_s = statistics.counts, receiver.playout.required_depth(path)
        heard = StreamReport(link.name, counts.expected, counts.received, statistics.jitter, delay_s, media.interval_s)
        self._take(heard, now=now)


def link_events(link: Link, news: Iterable[str]) -> list[LinkEvent]:
    """The kernel's news of a link as events, by the names that they have in the log."""
    kinds: dict[str, type[LinkUp | LinkDown]] = {"link_up": LinkUp, "link_down": LinkDown}
    return [kinds[one](link.name) for one in news if one in kinds]


def event_of(report: dict[str, Any]) -> LinkEvent:
    """A line from outside as an event; raises KeyError for one of a kind that there is not."""
    match report["report"]:
        case "signal":
            return LinkParametersReport(report["link"], report["signal_dbm"])
        case "position":
            return PositionReport(report["latitude"], report["longitude"])
        case "battery":
            return BatteryReport(report["level"])
        case kind:
            raise KeyError(kind)
