"""The transaction layer: which machine a message belongs to (RFC 3261 17.1.3, 17.2.3, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.address import TCP, UDP, Datagram, Flow
from agents.sip.message.message import Response
from agents.sip.transaction.invite_client import InviteClient
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.machine import client_key, server_key
from agents.sip.transaction.noninvite_client import NonInviteClient
from agents.sip.transaction.noninvite_server import NonInviteServer

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from agents.sip.message.message import Message, Request
    from agents.sip.transaction.machine import ClientUser, Key, Transaction
    from agents.sip.transaction.timer import TimerQueue, Timings

    ClientTransaction = InviteClient | NonInviteClient
    ServerTransaction = InviteServer | NonInviteServer
    StateLog = Callable[[str, str, str], None]

#: RFC 3261 18.1.1: bytes, as long as nobody knows the path's MTU.
LARGEST_OVER_UDP = 1300
#: So many requests that have been answered are remembered, for who sends them again: a flood of them must not fill the
#: memory, and collecting what is garbage in it must not take longer than speech can wait.
MOST_COMPLETED = 1000


class Transactions:
    """Every live transaction, found by its key and never by an address; and the way out for datagrams."""

    def __init__(self, timers: TimerQueue, timings: Timings, out: deque[Datagram], log_state: StateLog) -> None:
        self.timers = timers
        self.timings = timings
        #: T1 of what leaves from an address over a link that is known to be slow (17.1.1.1).
        self.first_waits: dict[str, float] = {}
        self.log_state = log_state
        self._out = out
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        # Those that only wait for retransmissions of their request, or an ACK, the oldest first.
        self._completed: dict[Key, ServerTransaction] = {}
        # (From tag, Call-ID, CSeq) of requests without a To tag, to find merged ones (8.2.2.2).
        self._arrivals: dict[Key, Key] = {}

    def send(self, flow: Flow, message: Message) -> None:
        """Queue a message."""
        self._out.append(Datagram(flow.local, flow.remote, bytes(message)))

    def send_ack(self, flow: Flow, ack: Request) -> None:
        """Queue the ACK for a 2xx, which has no transaction (13.2.2.4)."""
        self.send(_route(ack, flow), ack)

    def request(self, request: Request, flow: Flow, user: ClientUser, now: float) -> ClientTransaction:
        """Start a client transaction."""
        machine = InviteClient if request.method == "INVITE" else NonInviteClient
        way = _route(request, flow)
        transaction = machine(request, way, self, user, reliable=way.is_reliable)
        if way != flow:
            transaction.fallback = flow
        self._clients[transaction.key] = transaction
        transaction.start(now)
        return transaction

    def serve(self, request: Request, flow: Flow, now: float) -> ServerTransaction:
        """Start a server transaction for a request that arrived over `flow` and that no other one knew."""
        back = response_flow(request, flow)
        machine = InviteServer if request.method == "INVITE" else NonInviteServer
        transaction: ServerTransaction = machine(request, back, self, reliable=back.is_reliable)
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

    def send_failed(self, message: Request | Response, flow: Flow, now: float) -> None:
        """The system did not take a message of ours, or no connection came about for it (18.4).

        Over UDP, a response changes nothing (RFC 6026 8.8), nor does an ACK (RFC 6141 5.3): they are sent again when
        the peer asks again.
        """
        if isinstance(message, Response):
            if flow.is_reliable:
                self._respond_anew(message, flow)
        elif message.method == "ACK":
            if flow.is_reliable:
                self.send(flow.over(UDP), _by(UDP, message))
        elif transaction := self._clients.get(client_key(message)):
            if transaction.fallback is not None:
                _by(UDP, transaction.request)
                transaction.fall_back(now)
            else:
                transaction.transport_error(now)

    def connection_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, and with it what was on its way."""
        for server in [server for server in self._servers.values() if server.flow == flow]:
            server.flow = _way_beside(server.request, flow) or flow
        for client in [client for client in self._clients.values() if client.flow == flow]:
            client.transport_error(now)

    def _respond_anew(self, response: Response, flow: Flow) -> None:
        """18.2.2: over a connection to where the Via says; what fails there too is given up."""
        for server in self._servers.values():
            if server.flow == flow and client_key(server.request) == client_key(response):
                way = _way_beside(server.request, flow)
                if way is not None:
                    server.flow = way
                    self.send(way, response)
                return

    def server_of(self, request: Request, method: str = "") -> ServerTransaction | None:
        """17.2.3: an ACK is looked up under INVITE, a CANCEL's target too."""
        return self._servers.get(server_key(request, "INVITE" if request.method == "ACK" else method))

    def is_merged(self, request: Request) -> bool:
        """Whether this request without To tag is one that came before by another way (8.2.2.2)."""
        return request.to.tag is None and _arrival(request) in self._arrivals

    def complete(self, transaction: Transaction, now: float) -> None:
        """It has been answered; when there are too many of these, the oldest one is over."""
        if isinstance(transaction, InviteServer | NonInviteServer):
            self._completed[transaction.key] = transaction
            if len(self._completed) > MOST_COMPLETED:
                next(iter(self._completed.values())).end(now)

    def forget(self, transaction: Transaction) -> None:
        """It is over."""
        if isinstance(transaction, InviteClient | NonInviteClient):
            self._clients.pop(transaction.key, None)
            return
        self._servers.pop(transaction.key, None)
        self._completed.pop(transaction.key, None)
        arrival = _arrival(transaction.request)
        if self._arrivals.get(arrival) == transaction.key:
            del self._arrivals[arrival]

    def live(self) -> list[Transaction]:
        """Every transaction that is not over."""
        return [*self._clients.values(), *self._servers.values()]


def response_flow(request: Request, flow: Flow) -> Flow:
    """Where the responses to a request that arrived over `flow` go (18.2.2; RFC 3581 4)."""
    if flow.is_reliable:
        return flow
    return Flow(flow.local, request.via.response_address() or flow.remote)


def _way_beside(request: Request, flow: Flow) -> Flow | None:
    """18.2.2: where responses go once the connection is gone; None when nothing else is known."""
    address = request.via.response_address(flow.remote.transport)
    return None if address is None or address == flow.remote else Flow(flow.local, address)


def _route(request: Request, flow: Flow) -> Flow:
    """18.1.1: what is long goes over TCP; and the Via tells which transport it is."""
    if not flow.is_reliable and len(bytes(request)) > LARGEST_OVER_UDP:
        flow = flow.over(TCP)
    _by(flow.remote.transport, request)
    return flow


def _by(transport: str, request: Request) -> Request:
    if request.via.transport != transport:
        request.replace_via(request.via._replace(transport=transport))
    return request


def _arrival(request: Request) -> Key:
    return (request.from_.tag, request.call_id, *request.cseq)
