"""A SIP user agent without I/O (RFC 3261): datagrams and times in; datagrams, one timer and events out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.arrivals import Arrivals
from agents.sip.message.address import Flow
from agents.sip.message.build import MAX_FORWARDS, Body, Identity, new_request
from agents.sip.message.errors import SipParseError
from agents.sip.message.message import Message
from agents.sip.message.name_addr import NameAddr
from agents.sip.session.abilities import Abilities
from agents.sip.session.client_request import Ask, ClientRequest
from agents.sip.session.core import Core, contact_uri
from agents.sip.session.dialog import FIRST_CSEQ, Directory
from agents.sip.session.events import event_of
from agents.sip.session.session import Session
from agents.sip.transaction.timer import Timings

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from agents.sip.arrivals import Guard
    from agents.sip.digest.client import DigestClient
    from agents.sip.message.address import Address, Datagram
    from agents.sip.message.message import Request
    from agents.sip.session.abilities import SessionInterval
    from agents.sip.session.events import Event
    from agents.sip.session.outcomes import Told


class Invitation(NamedTuple):
    """What an INVITE says. `_replace` makes the next try of it, as after a 420."""

    #: Request-URI, and with `from_` and `to` as URI or as `"Name" <URI>`.
    request_uri: str
    from_: str
    to: str
    #: Where the peer is to reach us: a URI, or an address for which one is made with the user part of `from_`.
    contact: Address | str
    #: The offer; None asks the peer for one.
    body: bytes | None = None
    require: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    #: A pre-existing route set, as for an outbound proxy (8.1.1.1): `("<sip:192.0.2.1;lr>",)`.
    route: tuple[str, ...] = ()
    #: Made when empty. A call beside another one may share its Call-ID; its From tag is new in any case.
    call_id: str = ""
    #: A session timer for this call; None: as the abilities say.
    session_interval: SessionInterval | None = None
    #: Less than that of a request which this one passes on (16.6, step 3), so that a loop comes to an end.
    max_forwards: int = MAX_FORWARDS


class UserAgent:
    """Everything of SIP that a role needs.

    The driver's loop: hand in what arrived (`receive_datagram`), call `handle_timer` when `get_timer` is due, let the
    role take all events from `next_event`, send what `datagrams_to_send` gives. Events are to be taken after every
    datagram: the next one may cancel what they tell of, and commands that come too late raise `LocalProtocolError`.
    `now` is in seconds of one monotonic clock, and never goes back. Same seed in `rng` and same calls: same bytes.
    """

    def __init__(
        self,
        rng: Random,
        abilities: Abilities | None = None,
        timings: Timings | None = None,
        credentials: DigestClient | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._events: deque[Event] = deque()
        self._core = Core(rng, abilities or Abilities(), timings or Timings(), self._events.append, credentials)
        self._directory: Directory[Session] = Directory(self._core, self._tell)
        self._arrivals = Arrivals(self._directory, self._events.append, guard)

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, now: float) -> None:
        """Bytes that arrived on the address `local` from `remote`. Whatever they are, this raises nothing."""
        self._arrivals.receive(data, Flow(local, remote), now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now, each from its own local address."""
        waiting = list(self._core.out)
        self._core.out.clear()
        return waiting

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this, as when a link is gone, or could not connect (18.4).

        A request fails at once, as if answered with 503 (8.1.3.1), unless there is another way for it. Empty data say
        that the connection to `remote` is gone, with all that was sent over it.
        """
        flow = Flow(datagram.local, datagram.remote)
        if not datagram.data:
            self._core.transactions.connection_lost(flow, now)
            return
        try:
            message = Message.parse(datagram.data)
        except SipParseError:  # an answer to bytes of which not much could be read
            return
        self._core.transactions.send_failed(message, flow, now)

    def expect_round_trip(self, ip: str, *, seconds: float) -> None:
        """What leaves from this address of ours is not answered before: nothing is sent again so early (17.1.1.1).

        How long is waited for an answer at all does not change.
        """
        core = self._core
        core.transactions.first_waits[ip] = max(core.timings.t1, seconds)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next, absolute; None for never."""
        return self._core.timers.next_at()

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._core.timers.fire(now)

    def next_event(self) -> Event | None:
        """The oldest event that was not taken yet."""
        return self._events.popleft() if self._events else None

    def invite(
        self, invitation: Invitation, *, local: Address, remote: Address, now: float, retry_of: Session | None = None
    ) -> Session:
        """Call somebody, from one of our addresses, by way of `remote`.

        `retry_of` is a session that was rejected: the new INVITE has its Call-ID, From tag and the next CSeq (8.1.3.5).
        """
        core = self._core
        contact = contact_uri(invitation.contact, NameAddr.parse(invitation.from_).uri)
        old = None if retry_of is None else retry_of.invite
        identity = self._identity(invitation, old, local)
        headers = [
            ("Contact", f"<{contact}>"),
            *core.feature_headers(has_timer=invitation.session_interval is not None),
        ]
        if invitation.require:
            headers.append(("Require", ", ".join(invitation.require)))
        request = new_request(
            "INVITE",
            invitation.request_uri,
            core.new_via(local, keeps=True),
            identity,
            route=invitation.route,
            headers=[*headers, *invitation.headers],
            body=None if invitation.body is None else Body(invitation.body),
            max_forwards=invitation.max_forwards,
        )
        request = core.authorize(request, old)
        return Session.call(self._directory, Flow(local, remote), request, contact, now, invitation.session_interval)

    def request(
        self, ask: Ask, *, local: Address, remote: Address, now: float, after: ClientRequest | None = None
    ) -> ClientRequest:
        """Send a request outside of any dialog: REGISTER, OPTIONS, MESSAGE.

        `after` is an earlier one, whose Call-ID and From tag this continues with the next CSeq (REGISTER: 10.2).
        """
        core = self._core
        old = None if after is None else after.request
        request = new_request(
            ask.method,
            ask.request_uri,
            core.new_via(local),
            self._identity(ask, old, local),
            route=ask.route,
            headers=ask.headers,
            body=ask.body,
        )
        request = core.authorize(request, old, is_repeated=old is not None)
        client_request = ClientRequest(core, request, Flow(local, remote), self._events.append)
        client_request.start(now)
        return client_request

    @property
    def sessions(self) -> list[Session]:
        """Every session that has a dialog, in the order in which they came."""
        return self._directory.sessions

    @property
    def discarded(self) -> Counter[str]:
        """How many datagrams were dropped, by reason."""
        return self._core.discarded

    def _tell(self, session: Session, told: Told) -> None:
        self._events.append(event_of(session, told))

    def _identity(self, what: Invitation | Ask, old: Request | None, local: Address) -> Identity:
        """New names, or those of the request that this one continues."""
        from_, to = NameAddr.parse(what.from_), NameAddr.parse(what.to)
        if old is not None:
            return Identity(from_.with_tag(old.from_.tag), to, old.call_id, old.cseq.number + 1)
        call_id = what.call_id or self._core.ids.call_id(local)
        return Identity(from_.with_tag(self._core.ids.tag()), to, call_id, FIRST_CSEQ)
