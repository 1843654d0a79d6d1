"""The mobile node: calls, watches its links, hands over when its trigger says so, hangs up."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.media.call_media import MediaSettings
from agents.roles.by_table import ByTable
from agents.roles.log import logged
from agents.roles.mn.call.call import Call
from agents.roles.mn.call.links import SIP_PORT, Links, round_trip_s
from agents.roles.mn.schemes import make_scheme
from agents.roles.mn.sensing import Sensing
from agents.sip.session import events

if TYPE_CHECKING:
    from random import Random
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.keep_alives import KeepAlives
    from agents.roles.mn.call.links import Link
    from agents.roles.mn.registration import Registration
    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Address, Datagram
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session

BUSY_HERE = 486
BAD_EXTENSION = 420
SERVICE_UNAVAILABLE = 503


class CallStage(StrEnum):
    """BEFORE the call, WAITING for a link to make it over, CALLING until it is over, HANGING UP, and OVER."""

    BEFORE = "BEFORE"
    WAITING = "WAITING"
    CALLING = "CALLING"
    HANGING_UP = "HANGING UP"
    OVER = "OVER"


class TimeToCall(NamedTuple):
    """The call's time has come."""


class LinkUsable(NamedTuple):
    """The link that the call is to be made over may be usable now, or no longer."""


class HangUp(NamedTuple):
    """The call's time is over, its user hangs up, or there is nothing left to hang up."""


class MobileNode(ByTable):
    """A role. `config` is what the scenario says of it; `samples` is its speech, µ-law at 8 kHz."""

    def __init__(self, config: dict[str, Any], samples: bytes, random: Random) -> None:
        self._links = Links(config["links"])
        self._link = self._links[config["first_link"]]
        other = self._links[config["second_link"]]
        links, registrar = (self._link, other), config.get("registrar")
        media = MediaSettings.of(config)
        self._call = Call(config["peer"], config["user"], links, samples, random, config["home"], registrar, media)
        if "turn" in config:
            self._call.go_by_way_of(config["turn"])
        if config.get("checks_pairs"):
            self._call.check_pairs()
        networks = config.get("networks", {})
        for link in links:
            self._call.ua.expect_round_trip(link.address, seconds=round_trip_s(networks.get(link.name, {})))
        self._keep_alives: KeepAlives | None = None
        if config["peer"].get("keeps_alive"):
            from agents.roles.mn.call.keep_alives import KeepAlives  # noqa: PLC0415 - hashlib takes its time

            self._keep_alives = KeepAlives(random, self._call.tell)
        self._registration: Registration | None = None
        if registrar is not None:
            from agents.roles.mn.registration import Registration  # noqa: PLC0415 - not everybody registers

            call = self._call
            self._registration = Registration(registrar, call.ua, call.credentials, links, random, call.tell)
        self._scheme = make_scheme(config["scheme"], self._call)
        self._require = self._scheme.requires
        # An INVITE in vain, and the links that would not send one; of such a one nothing is expected before its news.
        self._in_vain: Session | None = None
        self._refusing: set[Link] = set()
        self._sensing = Sensing(config, self._call)
        self._timing = config["call"]
        self._is_handing_over = False
        # When it was last asked whether to hand over.
        self._considered_at = float("-inf")
        self._begin_at: float | None = None
        self._hang_up_at: float | None = None
        self.state = CallStage.BEFORE

    def start(self, *, now: float) -> None:
        """Scenario time zero is at `now`: the call begins, and ends if it is ours to end, at its times after it."""
        self._begin_at = now + self._timing["start_s"]
        duration_s = self._timing["duration_s"]
        self._hang_up_at = None if duration_s is None else self._begin_at + duration_s
        if self._registration is not None:
            self._registration.start(now=now)

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """Speech, or SIP: told apart by where it arrived."""
        if self._keep_alives is not None and local.port == SIP_PORT and self._keep_alives.takes(data):
            self._keep_alives.receive(data, now=now)
        elif local.port == SIP_PORT:
            self._call.ua.receive_datagram(data, local=local, remote=remote, now=now)
        else:
            at = now if came is None else came
            self._call.receive_media(data, local=local, remote=remote, now=now, came=at)
            self._scheme.handle_timer(now=now)
            if self._sensing.listen(now=now):
                self._consider(now)
        self._take_events(now)

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """A link is gone: speech is lost, SIP may try another way."""
        if datagram.local.port != SIP_PORT:
            return
        if datagram.data.startswith(b"BYE "):
            # Not told to the user agent, which would forget a dialog that the peer still has: the BYE goes over the
            # other link, and the transaction repeats it over this one.
            self._call.partings.link_refused(now=now)
        else:
            self._call.ua.send_failed(datagram, now=now)
        self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """The user hangs up; or news from a radio, a router, the GPS receiver, the battery."""
        if report["report"] == "hang-up":
            self._hang_up(now)
        else:
            self._sensing.receive_report(report, now=now)
            self._consider(now)
        self._take_events(now)

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The kernel's news of an interface."""
        applied = self._links.apply(change)
        if applied is None:
            return
        link, news = applied
        for event, facts in news:
            self._call.tell(event, **facts)
            if event == "address":
                self._call.open_sip(link)
        if news:
            self._refusing.discard(link)
            self._call.partings.link_changed(link, now=now)
            self.feed(LinkUsable(), now)
            self._scheme.link_changed(link, now=now)
            self._sensing.link_changed(link, [event for event, _ in news], now=now)
            self._consider(now)
            if self._registration is not None:  # last: what the call has to say leaves before
                self._registration.link_changed(link, now=now)
            self._take_events(now)

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        call = self._call
        timers = (
            self._begin_at, self._hang_up_at, call.ua.get_timer(), call.media.get_timer(), call.partings.get_timer(),
            self._scheme.get_timer(), self._sensing.get_timer(), self._next_try(),
            self._registration.get_timer() if self._registration is not None else None,
            call.below.get_timer() if call.below is not None else None,
            self._keep_alives.get_timer() if self._keep_alives is not None else None,
        )  # fmt: skip
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._call.media.handle_timer(now=now)
        if self._call.below is not None:
            self._call.below.handle_timer(now=now)
        if self._begin_at is not None and now >= self._begin_at:
            self._begin_at = None
            self.feed(TimeToCall(), now)
        if self._hang_up_at is not None and now >= self._hang_up_at:
            self._hang_up(now)
        self._call.ua.handle_timer(now=now)
        self._call.partings.handle_timer(now=now)
        next_try = self._next_try()
        if self._sensing.handle_timer(now=now) or (next_try is not None and now >= next_try):
            self._consider(now)
        self._scheme.handle_timer(now=now)  # what is wanted now may be due now
        if self._registration is not None:
            self._registration.handle_timer(now=now)
        if self._keep_alives is not None:
            self._keep_alives.handle_timer(now=now)
        self._take_events(now)

    # -- out ----------------------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now; no media over a link without a carrier.

        The kernel would keep a second or two of them while it asks for the router's address, send them all at once when
        the link is back, and would not ask again for up to a second.
        """
        call = self._call
        down = {link.address for link in (call.old, call.new) if not link.is_up}
        media = [datagram for datagram in call.media_to_send() if datagram.local.ip not in down]
        kept = [] if self._keep_alives is None else self._keep_alives.datagrams_to_send()
        return call.ua.datagrams_to_send() + kept + media

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._call.commands.pop(0) if self._call.commands else None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _wait_for_link(self, _: TimeToCall, now: float) -> None:
        self.state = CallStage.WAITING
        self._call.attach(self._link)
        self.feed(LinkUsable(), now)

    def _begin(self, _: LinkUsable, now: float) -> None:
        """Over the first link; after a try in vain, over whichever there is."""
        if self._in_vain is not None and not self._can_call(self._link) and self._can_call(self._call.new):
            self._turn()
        if self._can_call(self._link) and self._call.has_place(self._link, now=now):
            self.state = CallStage.CALLING
            self._call.begin(require=self._require, now=now, retry_of=self._in_vain)

    def _can_call(self, link: Link) -> bool:
        return link.is_usable and link not in self._refusing

    def _turn(self) -> None:
        self._call.turn()
        self._link = self._call.link = self._call.old

    def _look_at_link(self, _: LinkUsable, now: float) -> None:
        """Nobody answers over a link that is gone."""
        session = self._call.current
        if session.state in {"CALLING", "EARLY"} and not self._link.is_usable:
            self._call.part(session, over=self._link, now=now)
            self._call_anew(session, now)

    def _call_anew(self, in_vain: Session, now: float) -> None:
        """Over the other link: that it could not be sent counts as a 503 (RFC 3261 8.1.3.1), and there is another way.

        It has the Call-ID of the INVITE in vain and the next CSeq, as another try after any failure (8.1.3.5): who has
        taken that one without our getting to know of it can tell.
        """
        self._in_vain = in_vain
        self._turn()
        self._call.tell("call_again", link=self._link.name)
        self.state = CallStage.WAITING
        self._call.attach(self._link)
        self.feed(LinkUsable(), now)

    def _take_events(self, now: float) -> None:
        for event in logged(self._call.ua, self._call.commands):
            if self._registration is None or not self._registration.receive_event(event, now=now):
                self._take_event(event, now)
        if self.state == CallStage.WAITING and self._call.relay is not None:
            self.feed(LinkUsable(), now)  # the server may have answered
        if self._is_handing_over and self._call.link is self._call.new:
            self._is_handing_over = False
            self._sensing.handed_over(now=now)
            self._consider(now)
        self._call.let_refresh(may=not self._is_handing_over or self._scheme.state == "FAILED", now=now)
        if self._registration is not None:
            self._registration.follow(self._call.link, now=now)
        if self._keep_alives is not None:
            self._keep_alives.follow(self._call.sessions, now=now)

    def _take_event(self, event: Event, now: float) -> None:
        call = self._call
        if isinstance(event, events.IncomingInvite):
            event.session.reject(BUSY_HERE, now=now)
        elif isinstance(event, events.ReinviteReceived):
            call.answer_reinvite(event.session, now=now)
        elif isinstance(event, events.ReinviteConfirmed):
            call.send_media(event.session, now=now)  # its ACK may have brought the answer (RFC 3261 13.2.2.4)
        elif isinstance(event, events.SessionTerminated):
            call.media.drop(event.session, now=now)
        elif isinstance(event, events.Established) and event.session is call.session:
            self.feed(event, now)
            return
        self._scheme.receive_event(event, now=now)
        if not isinstance(event, events.Established):
            self.feed(event, now)

    def _established(self, event: events.Established, now: float) -> None:
        if self._call.send_media(event.session, now=now) is None:  # 13.2.2.4: an answer that can't be used
            self._hang_up(now)
            return
        self._call.tell("call_established", call_id=event.session.call_id)
        self._scheme.call_established(now=now)
        self._sensing.call_established(now=now)
        self._consider(now)  # the link may have become bad before there was anything to hand over

    def _ended(self, event: events.SessionTerminated, now: float) -> None:
        """Of the session that carries the call it is the end of the call."""
        if event.session is self._call.session:
            self._hang_up(now)

    def _rejected(self, event: events.InviteRejected, now: float) -> None:
        """No call; or one without the extension that the peer does not have (8.1.3.5)."""
        if event.session is not self._call.session:
            return
        if event.status == SERVICE_UNAVAILABLE and event.response is None and self._call.new not in self._refusing:
            self._refusing.add(self._link)
            self._call_anew(event.session, now)
        elif event.status == BAD_EXTENSION and self._require:
            self._require = ()
            self._call.begin(require=(), now=now, retry_of=event.session)
        else:
            self.state = CallStage.HANGING_UP
            self._end_if_possible(event.status, now)

    def _consider(self, now: float) -> None:
        """Hands over when the triggers want it: one handover at a time; one that has failed again, where it may."""
        call, again_at = self._call, self._scheme.again.at
        self._considered_at = now
        if call.is_up:
            self._scheme.endangered(self._sensing.danger(now=now), now=now)
        if not call.is_up or (self._is_handing_over and (again_at is None or now < again_at)):
            return
        verdict = self._sensing.verdict(now=now)
        if verdict is None:
            return
        if self._is_handing_over:
            call.tell("handover_again", link=verdict.leave, to=verdict.to, **verdict.because)
            self._scheme.again.at = None
            self._scheme.triggered(now=now)
            return
        self._is_handing_over = True
        if call.link is call.new:
            call.turn()
            self._scheme = self._scheme.next()
        call.tell("trigger", link=verdict.leave, to=verdict.to, **verdict.because)
        if self._registration is not None:
            self._registration.handover_begins()
        self._scheme.triggered(now=now)

    def _next_try(self) -> float | None:
        """When to ask again after a handover that has failed; later, whatever news there are will ask."""
        again_at = self._scheme.again.at
        return again_at if again_at is not None and again_at > self._considered_at else None

    def _hang_up(self, now: float) -> None:
        self._begin_at = self._hang_up_at = None
        self.feed(HangUp(), now)

    def _end_call(self, _: HangUp, now: float) -> None:
        self.state = CallStage.HANGING_UP
        self._call.tell("hang_up")
        self._scheme.stop()
        self._call.hang_up(now=now)
        self._end_if_possible(None, now)

    def _end(self, event: events.SessionTerminated | events.ByeAnswered | events.InviteRejected, now: float) -> None:
        self._end_if_possible(None if isinstance(event, events.SessionTerminated) else event.status, now)

    def _end_if_possible(self, status: int | None, now: float) -> None:
        """Tells when nothing is left of the call; `status` is that of its last BYE, or of its INVITE."""
        if self._call.has_sessions:
            return
        self.state = CallStage.OVER
        self._hang_up_at = None
        if self._call.below is not None:
            self._call.below.release(now=now)
        if self._call.media.stray:
            self._call.tell("stray_media", packets=self._call.media.stray)
        self._call.tell("call_ended", **({} if status is None else {"status": status}))

    TABLE: ClassVar[Table] = {
        CallStage.BEFORE: {TimeToCall: _wait_for_link, HangUp: _end_call},
        CallStage.WAITING: {LinkUsable: _begin, HangUp: _end_call},
        CallStage.CALLING: {
            events.Established: _established,
            events.InviteRejected: _rejected,
            events.SessionTerminated: _ended,
            LinkUsable: _look_at_link,
            HangUp: _end_call,
        },
        CallStage.HANGING_UP: {
            events.InviteRejected: _end,
            events.SessionTerminated: _end,
            events.ByeAnswered: _end,
        },
        CallStage.OVER: {},
    }
