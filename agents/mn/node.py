"""The mobile node: calls, watches its links, hands over when its trigger says so, hangs up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.mn.call import Call
from agents.mn.links import Links
from agents.mn.schemes import make_scheme
from agents.mn.triggers import make_trigger
from agents.role import Tell
from agents.sip import events
from agents.sip_log import log_entry

if TYPE_CHECKING:
    from random import Random

    from agents.role import Command, LinkChange
    from agents.sip.address import Address, Datagram
    from agents.sip.events import Event


class MobileNode:
    """A role. `config` is what the scenario says of it; `samples` is its speech, µ-law at 8 kHz."""

    def __init__(self, config: dict[str, Any], samples: bytes, random: Random) -> None:
        self._links = Links(config["links"])
        self._link = self._links[config["first_link"]]
        other = self._links[config["second_link"]]
        self._call = Call(config["peer"], config["user"], (self._link, other), samples, random)
        self._scheme = make_scheme(config["scheme"], self._call)
        self._trigger = make_trigger(config["trigger"])
        self._timing = config["call"]
        self._is_triggered = False
        self._begin_at: float | None = None
        self._hang_up_at: float | None = None
        self._ended = False
        self._commands: list[Command] = []

    def start(self, *, now: float) -> None:
        """Scenario time zero is at `now`: the call begins and ends at its times after it."""
        self._begin_at = now + self._timing["start_s"]
        self._hang_up_at = self._begin_at + self._timing["duration_s"]

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, now: float) -> None:
        """Speech, or SIP: told apart by where it arrived."""
        if local.port == self._call.address(self._link).port:
            self._call.ua.receive_datagram(data, local=local, remote=remote, now=now)
            self._take_events(now)
        else:
            self._call.media.receive_datagram(data, local=local, remote=remote, now=now)
            self._scheme.handle_timer(now=now)

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """A link is gone: speech is lost, SIP may try another way."""
        if datagram.local.port == self._call.address(self._link).port:
            self._call.ua.send_failed(datagram, now=now)
            self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A radio reports its signal."""
        if report["report"] == "signal":
            link = self._links[report["link"]]
            link.signal_dbm = report["signal_dbm"]
            if link is self._link:
                self._consider(self._trigger.signal_reported(link), now)

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The kernel's news of an interface."""
        applied = self._links.apply(change)
        if applied is None:
            return
        link, news = applied
        for event, facts in news:
            self._commands.append(Tell(event, facts))
            if event == "address":
                self._call.open_sip(link)
        if news:
            self._scheme.link_changed(link, now=now)
            if link is self._link:
                self._consider(self._trigger.link_changed(link), now)

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        call = self._call
        timers = (
            self._begin_at, self._hang_up_at, call.ua.get_timer(), call.media.get_timer(), self._scheme.get_timer(),
        )  # fmt: skip
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._call.media.handle_timer(now=now)
        if self._begin_at is not None and now >= self._begin_at:
            self._begin_at = None
            self._call.begin(require=self._scheme.requires, now=now)
        if self._hang_up_at is not None and now >= self._hang_up_at:
            self._hang_up_at = None
            self._hang_up(now)
        self._call.ua.handle_timer(now=now)
        self._scheme.handle_timer(now=now)
        self._take_events(now)

    # -- out ----------------------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        return self._call.ua.datagrams_to_send() + self._call.media.datagrams_to_send()

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._call.next_command() or (self._commands.pop(0) if self._commands else None)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take_events(self, now: float) -> None:
        while (event := self._call.ua.next_event()) is not None:
            entry = log_entry(event)
            if entry is not None:
                self._commands.append(entry)
            self._take_event(event, now)

    def _take_event(self, event: Event, now: float) -> None:
        call = self._call
        if isinstance(event, events.Established) and call.setup_s is None:
            call.setup_s = now - call.begun_at
            call.send_media(event.session, "call", now=now)
            self._commands.append(Tell("call_established", {"call_id": event.session.call_id}))
            return
        self._scheme.receive_event(event, now=now)
        if isinstance(event, events.InviteRejected) and call.setup_s is None:
            self._end({"status": event.status})
        elif isinstance(event, events.SessionTerminated) and event.session is call.session:
            if event.by == "remote" or self._hang_up_at is not None:
                self._hang_up(now)
        elif isinstance(event, events.ByeAnswered) and self._hang_up_at is None and event.session is call.session:
            self._end({"status": event.status})

    def _consider(self, facts: dict[str, Any] | None, now: float) -> None:
        """A trigger that has fired during the call starts the handover, once."""
        if facts is not None and not self._is_triggered and self._call.setup_s is not None:
            self._is_triggered = True
            self._commands.append(Tell("trigger", {"link": self._link.name, **facts}))
            self._scheme.triggered(now=now)

    def _hang_up(self, now: float) -> None:
        self._hang_up_at = None
        self._commands.append(Tell("hang_up", {}))
        self._call.hang_up(now=now)

    def _end(self, facts: dict[str, Any]) -> None:
        if not self._ended:
            self._ended = True
            self._commands.append(Tell("call_ended", facts))
