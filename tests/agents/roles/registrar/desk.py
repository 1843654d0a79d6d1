"""A registrar and who comes to it: REGISTER requests in, responses out, on a clock that only the test moves."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.registrar.registrar_node import RegistrarNode
from agents.roles.role import Note, Tell
from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.address import Address
from agents.sip.message.message import Message, Request, Response

if TYPE_CHECKING:
    from agents.sip.message.name_addr import NameAddr

DOMAIN = "home.example"
AOR = f"sip:mn@{DOMAIN}"
HERE = Address("10.10.0.2", 5070)
WIFI, UMTS = Address("10.1.0.2", 5060), Address("10.2.0.2", 5060)
USERS = {"mn": "secret", "eve": "wicked"}
#: 2 parts of a Contact.
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-4000-8000-0000000000aa>"'


def config(**policy: object) -> dict[str, Any]:
    """What the scenario would say of it."""
    return {
        "address": HERE.ip, "port": HERE.port, "domain": DOMAIN, "realm": DOMAIN, "users": USERS, "policy": policy,
    }  # fmt: skip


class Desk:
    """`register` and read the answer. CSeq counts up by itself, per Call-ID."""

    def __init__(self, **policy: object) -> None:
        self.now = 0.0
        self.node = RegistrarNode(config(**policy), Random(1))
        self.told: list[Tell] = []
        self.notes: list[Note] = []
        self.sent: list[Request] = []
        self._branch = 0
        self._cseq: dict[str, int] = {}
        self._users = {user: DigestClient([Account(user, USERS[user])], Random(2), [DOMAIN]) for user in USERS}

    def register(
        self, *contacts: str, user: str = "mn", to: str = AOR, uri: str = f"sip:{DOMAIN}", call_id: str = "a",
        cseq: int | None = None, source: Address = WIFI, headers: tuple[tuple[str, str], ...] = (),
        vias: tuple[str, ...] = (),
    ) -> Response:  # fmt: skip
        """The final answer to a REGISTER with these Contact rows; a challenge is met with the user's password.

        Two with one CSeq are merged requests within 64*T1 (8.2.2.2): wait in between.
        """
        numbers = [("From", f"<{to}>;tag=1"), ("To", f"<{to}>"), ("Call-ID", call_id), ("Max-Forwards", "70")]
        rows = [*numbers, *(("Contact", contact) for contact in contacts), *headers]
        request = Request("REGISTER", uri, rows)
        credentials = self._users[user]
        known = credentials.preempt(request)
        number = self._cseq.get(call_id, 0) + 1 if cseq is None else cseq - (not known)
        response = self._exchange(request, known, number, source, vias)
        if response.status == 401:
            answers = credentials.answer(request, response, set())
            response = self._exchange(request, answers, number + 1, source, vias)
        return response

    def send(self, request: Request, source: Address = WIFI) -> Response:
        """As it is; its answer."""
        self.sent.append(request)
        self.node.receive_datagram(bytes(request), local=HERE, remote=source, now=self.now)
        return self._heard()

    def wait(self, seconds: float) -> None:
        """Time passes, and timers fire when they are due."""
        end = self.now + seconds
        while (at := self.node.get_timer()) is not None and at <= end:
            self.now = max(self.now, at)
            self.node.handle_timer(now=self.now)
            assert (again := self.node.get_timer()) is None or again > self.now, "a timer that is due for ever"
        self.now = end
        self._take_commands()

    def bound(self, aor: str = AOR) -> list[str]:
        """The contacts that an address-of-record is bound to."""
        return [binding.contact.text for binding in self.node.bindings.of(aor)]

    def events(self, event: str) -> list[dict[str, Any]]:
        """The facts of every event of this name."""
        self._take_commands()
        return [tell.facts for tell in self.told if tell.event == event]

    def _exchange(
        self, request: Request, credentials: list[tuple[str, str]], cseq: int, source: Address, vias: tuple[str, ...]
    ) -> Response:
        self._branch += 1
        self._cseq[request.headers.get("call-id") or ""] = cseq
        via = f"SIP/2.0/UDP {source.hostport};branch=z9hG4bK{self._branch}"
        rows = [("Via", one) for one in (via, *vias)] + [*request.headers, ("CSeq", f"{cseq} REGISTER"), *credentials]
        return self.send(Request("REGISTER", request.uri, rows), source)

    def _heard(self) -> Response:
        sent = self.node.datagrams_to_send()
        assert len(sent) == 1
        response = Message.parse(sent[0].data)
        assert isinstance(response, Response)
        self._take_commands()
        return response

    def _take_commands(self) -> None:
        while (command := self.node.next_command()) is not None:
            if isinstance(command, Tell):
                self.told.append(command)
            elif isinstance(command, Note):
                self.notes.append(command)


def contact_of(response: Response, uri: str) -> NameAddr:
    """The Contact with this URI."""
    return next(contact for contact in response.contacts if contact.uri == uri)
