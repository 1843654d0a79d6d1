"""The B2BUA: answers the MN's calls, calls on, and steps into the media where the peer can't hand over itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.b2bua.setup import Setup
from agents.roles.b2bua.shared import Office
from agents.roles.guards import UserGuard, is_in_vain
from agents.roles.log import logged
from agents.roles.media_ports import DESCRIPTORS
from agents.roles.role import Open
from agents.sdp.audio import PTIME_MS
from agents.sip.digest.server import OFFERED, DigestServer
from agents.sip.message.address import Address
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events
from agents.sip.session.abilities import Abilities, SessionInterval
from agents.sip.user_agent import UserAgent

if TYPE_CHECKING:
    from random import Random

    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Datagram
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session

SIP_PORT = 5060
PRODUCT = "testbed-b2bua"
TOO_MANY_HOPS = 483
DECLINE = 603


class BackToBack:
    """A role. `config` is what the scenario says of it."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        address = Address(config["address"], SIP_PORT)
        server = DigestServer(
            config["realm"], config["users"], random, is_proxy=True, algorithms=config.get("digest", OFFERED)
        )
        self.guard = UserGuard(server)
        interval = SessionInterval.of(config)
        abilities = Abilities(supported=(OPTION_TAG,), product=PRODUCT, session_interval=interval)
        ua = UserAgent(random, abilities, guard=self.guard)
        descriptors, ptime_ms = config.get("descriptors", DESCRIPTORS), config.get("ptime_ms", PTIME_MS)
        self._office = Office(address, ua, random, config.get("room"), descriptors, ptime_ms)
        self.stray = 0
        """Datagrams to a media port of no call."""
        self._always_bridges: bool = config["always_bridges"]
        self._office.commands.append(Open(address))

    def start(self, *, now: float) -> None:
        """Waits for calls."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """Speech, or SIP: told apart by where it arrived."""
        relay = self._office.relays.get(local)
        if local.port == SIP_PORT:
            self._office.ua.receive_datagram(data, local=local, remote=remote, now=now)
            self._take_events(now)
        elif relay is not None:
            remote = self._office.latches.inner(data, local, remote)
            relay.receive_datagram(data, local=local, remote=remote, now=now, came=came)
            self._office.watch(relay)
        else:
            self.stray += 1

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this."""
        if datagram.local == self._office.address:
            self._office.ua.send_failed(datagram, now=now)
            self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """Nothing here hangs up by itself, and there is no radio."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [self._office.ua.get_timer(), *(relay.get_timer() for relay in self._office.holding)]
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for relay in list(self._office.holding):
            relay.handle_timer(now=now)
            self._office.watch(relay)
        self._office.ua.handle_timer(now=now)
        self._take_events(now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        waiting = self._office.latches.outward(self._office.media) + self._office.ua.datagrams_to_send()
        self._office.media.clear()
        return waiting

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._office.commands.pop(0) if self._office.commands else None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take_events(self, now: float) -> None:
        for event in logged(self._office.ua, self._office.commands):
            self._take_event(event, now)

    def _take_event(self, event: Event, now: float) -> None:
        handlers = self._office.handlers
        if isinstance(event, events.IncomingInvite):
            self._take_invite(event, now)
            return
        session: Session | None = getattr(event, "session", None)
        handler = handlers.get(session) if session is not None else None
        if handler is not None and session is not None:
            handler.receive_event(event, now=now)
            # Its last event: others may still be queued when it is over already, as a Confirmed followed by our BYE.
            if isinstance(event, events.SessionTerminated | events.InviteRejected):
                handlers.pop(session, None)

    def _take_invite(self, incoming: events.IncomingInvite, now: float) -> None:
        handlers = self._office.handlers
        if incoming.request.max_forwards == 0:  # RFC 3261 16.3, step 3: it may be our own, come round
            incoming.session.reject(TOO_MANY_HOPS, now=now)
            return
        if incoming.replaced is not None:
            handler = handlers.get(incoming.replaced)
            if handler is None:  # it is just being ended (RFC 3891 3)
                incoming.session.reject(DECLINE, now=now)
            else:
                handler.hand_over(incoming, incoming.replaced, now=now)
            return
        for session in [one for one in handlers if is_in_vain(one, incoming)]:
            handlers.pop(session).receive_event(events.SessionTerminated(session, "called again", "remote"), now=now)
            session.hang_up(now=now)
        same_call = [
            handler
            for session, handler in handlers.items()
            if session.call_id == incoming.session.call_id and session.user == incoming.session.user != ""
        ]
        if same_call:
            same_call[0].back_up(incoming, now=now)
        else:
            Setup(self._office, incoming, always_bridges=self._always_bridges, now=now)
