"""The transaction layer: which machine a message belongs to (RFC 3261 17.1.3, 17.2.3, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.address import Datagram, Flow
from agents.sip.invite_client import InviteClient
from agents.sip.invite_server import InviteServer
from agents.sip.noninvite_client import NonInviteClient
from agents.sip.noninvite_server import NonInviteServer
from agents.sip.transaction import client_key, server_key

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from agents.sip.message import Message, Request, Response
    from agents.sip.timer import TimerQueue, Timings
    from agents.sip.transaction import ClientUser, Key, Transaction

    ClientTransaction = InviteClient | NonInviteClient
    ServerTransaction = InviteServer | NonInviteServer
    StateLog = Callable[[str, str, str], None]


class Transactions:
    """Every live transaction, found by its key and never by an address; and the way out for datagrams."""

    def __init__(self, timers: TimerQueue, timings: Timings, out: deque[Datagram], log_state: StateLog) -> None:
        self.timers = timers
        self.timings = timings
        self.log_state = log_state
        self._out = out
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        # (From tag, Call-ID, CSeq) of requests without a To tag, to find merged ones (8.2.2.2).
        self._arrivals: dict[Key, Key] = {}

    def send(self, flow: Flow, message: Message) -> None:
        """Queue a message."""
        self._out.append(Datagram(flow.local, flow.remote, bytes(message)))

    def request(self, request: Request, flow: Flow, user: ClientUser, now: float) -> ClientTransaction:
        """Start a client transaction. Not done: TCP for requests of more than 1300 bytes (18.1.1)."""
        machine = InviteClient if request.method == "INVITE" else NonInviteClient
        transaction = machine(request, flow, self, user)
        self._clients[transaction.key] = transaction
        transaction.start(now)
        return transaction

    def serve(self, request: Request, flow: Flow, now: float) -> ServerTransaction:
        """Start a server transaction for a request that arrived over `flow` and that no other one knew."""
        source = flow.remote
        # RFC 3581 4: from the address the request arrived on, to where its Via says.
        back = Flow(flow.local, request.via.response_address() or source)
        transaction: ServerTransaction = (
            InviteServer(request, back, self) if request.method == "INVITE" else NonInviteServer(request, back, self)
        )
        self._servers[transaction.key] = transaction
        if request.to.tag is None:
            self._arrivals.setdefault(_arrival(request), transaction.key)
        transaction.start(now)
        return transaction

    def client_of(self, response: Response) -> ClientTransaction | None:
        """17.1.3; and the sent-by must be the one that we put in (18.1.2)."""
        transaction = self._clients.get(client_key(response))
        if transaction is None or transaction.request.via.sent_by != response.via.sent_by:
            return None
        return transaction

    def send_failed(self, request: Request, now: float) -> None:
        """A request of ours could not be sent (17.1.4)."""
        if transaction := self._clients.get(client_key(request)):
            transaction.transport_error(now)

    def server_of(self, request: Request, method: str = "") -> ServerTransaction | None:
        """17.2.3: an ACK is looked up under INVITE, a CANCEL's target too."""
        return self._servers.get(server_key(request, "INVITE" if request.method == "ACK" else method))

    def is_merged(self, request: Request) -> bool:
        """Whether this request without To tag is one that came before by another way (8.2.2.2)."""
        return request.to.tag is None and _arrival(request) in self._arrivals

    def forget(self, transaction: Transaction) -> None:
        """It is over."""
        if isinstance(transaction, InviteClient | NonInviteClient):
            self._clients.pop(transaction.key, None)
            return
        self._servers.pop(transaction.key, None)
        arrival = _arrival(transaction.request)
        if self._arrivals.get(arrival) == transaction.key:
            del self._arrivals[arrival]

    def live(self) -> list[Transaction]:
        """Every transaction that is not over."""
        return [*self._clients.values(), *self._servers.values()]


def _arrival(request: Request) -> Key:
    return (request.from_.tag, request.call_id, *request.cseq)
