"""The registrar as a role: who may register what, and the answers (RFC 3261 10.3).

Not done: Date in the 200 (a role has no calendar), redirecting; of RFC 5626 its keep-alives.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.roles.log import logged
from agents.roles.registrar.bindings import Bindings
from agents.roles.registrar.contact import OUTBOUND, RegistrarPolicy
from agents.roles.role import Note, Open, Tell
from agents.sip.digest.server import DigestServer
from agents.sip.message.address import Address, Flow
from agents.sip.message.errors import RemoteProtocolError
from agents.sip.message.uri import Uri, unescaped
from agents.sip.session import events
from agents.sip.session.abilities import Abilities
from agents.sip.user_agent import UserAgent

if TYPE_CHECKING:
    from random import Random

    from agents.roles.registrar.bindings import BindingChange
    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Datagram
    from agents.sip.message.message import Request
    from agents.sip.session.server_request import ServerRequest

PRODUCT = "testbed-registrar"
PATH = "path"
METHODS = "REGISTER, OPTIONS"


class RegistrarNode:
    """A role. `config` says where it is, for which domain, who its users are, and what it supports."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        self._address = Address(config["address"], config["port"])
        self._domain: str = config["domain"].lower()
        self._policy = RegistrarPolicy(**config["policy"])
        self._digest = DigestServer(config["realm"], config["users"], random)
        supported = (OUTBOUND, PATH) if self._policy.is_outbound else ()
        self._ua = UserAgent(random, Abilities(supported=supported, methods=("REGISTER",), product=PRODUCT))
        self.bindings = Bindings(self._policy)
        #: How many requests were refused, by status; a challenge for credentials that were not there, or old, is none.
        self.refused: Counter[int] = Counter()
        self._commands: list[Command] = [Open(self._address)]

    def start(self, *, now: float) -> None:
        """Waits for requests."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """SIP; other sockets there are none."""
        self._ua.receive_datagram(data, local=local, remote=remote, now=now)
        self._take_events(now)

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this."""
        self._ua.send_failed(datagram, now=now)
        self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """There is neither user nor radio here."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self._ua.get_timer(), self.bindings.next_expiry())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._expire(now)
        self._ua.handle_timer(now=now)
        self._take_events(now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        return self._ua.datagrams_to_send()

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take_events(self, now: float) -> None:
        for event in logged(self._ua, self._commands):
            if isinstance(event, events.RequestReceived):
                self._answer(event.server_request, now)
            elif isinstance(event, events.IncomingInvite):  # 10.3: it accepts only REGISTER
                event.session.reject(405, now=now, headers=[("Allow", METHODS)])

    def _answer(self, asked: ServerRequest, now: float) -> None:
        self._expire(now)
        request = asked.request
        try:
            aor = self._authorized_aor(request, now)
            changes = self.bindings.register(aor, request, Flow(asked.local, asked.source), now=now)
        except RemoteProtocolError as error:
            self._refuse(asked, error, now)
            return
        self._tell(changes, now)
        asked.respond(200, now=now, headers=self._headers(aor, request, now))

    def _authorized_aor(self, request: Request, now: float) -> str:
        """Steps 1 to 5 of 10.3, in their order: the address-of-record that the request may change."""
        if request.parsed_uri.host.lower() != self._domain:
            raise RemoteProtocolError("another domain", status_hint=404)
        user = self._digest.check(request, now=now)
        aor = Uri.parse(request.to.uri)
        if unescaped(aor.user or "") != user:
            raise RemoteProtocolError("somebody else's address-of-record", status_hint=403)
        if aor.host.lower() != self._domain:
            raise RemoteProtocolError("an address-of-record of another domain", status_hint=404)
        if self._policy.is_outbound and PATH in request.headers and PATH not in request.tags("supported"):
            # RFC 3327 5.3, the recommended policy: the user agent may not know who put itself in the path.
            raise RemoteProtocolError("Path", status_hint=420, headers=[("Unsupported", PATH)])
        return aor.canonical

    def _headers(self, aor: str, request: Request, now: float) -> list[tuple[str, str]]:
        """Of the 200 (10.3, step 8; RFC 5626 6; RFC 3327 5.3; RFC 7616 3.5)."""
        headers = self.bindings.listing(aor, request, now=now) + self._digest.next_nonce(request, now=now)
        if self._policy.is_outbound:
            headers += [(PATH.capitalize(), value) for value in request.headers.get_all(PATH)]
            if OUTBOUND in request.tags("supported") and self.bindings.applies_outbound(request):
                headers.append(("Require", OUTBOUND))
        return headers

    def _refuse(self, asked: ServerRequest, error: RemoteProtocolError, now: float) -> None:
        request, status = asked.request, error.status_hint
        if status == 401:
            asked.refuse_once(status, now=now, headers=error.headers)
        else:
            asked.respond(status, now=now, headers=error.headers)
        is_stale = any("stale=true" in value for _, value in error.headers)
        if status == 401 and (is_stale or "authorization" not in request.headers):
            self._commands.append(Note(f"REGISTER {request.call_id} challenged"))
            return
        self.refused[status] += 1
        facts = {"status": status, "reason": str(error), "aor": request.to.uri, "remote": asked.source.hostport}
        self._commands.append(Tell("register_refused", {**facts, "times": self.refused[status]}))

    def _expire(self, now: float) -> None:
        self._tell(self.bindings.expire(now=now), now)

    def _tell(self, changes: list[BindingChange], now: float) -> None:
        for what, aor, binding in changes:
            contact = binding.contact
            facts: dict[str, Any] = {"aor": aor, "contact": contact.text}
            if what != "registered":
                self._commands.append(Tell("binding_ended", {**facts, "reason": what}))
                continue
            facts |= {"expires_s": binding.seconds_left(now), "bindings": len(self.bindings.of(aor))}
            if contact.ua_id:
                facts |= {"ua_id": contact.ua_id, "if_q": contact.if_q}
            if contact.reg_id is not None:
                facts |= {"instance": contact.instance, "reg_id": contact.reg_id}
            self._commands.append(Tell("binding", facts))
