"""What the four transaction machines have in common (RFC 3261 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Protocol

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.transaction.timer import Timer, TimerQueue, Timings

    class Transport(Protocol):
        """What a transaction needs around it."""

        timers: TimerQueue
        timings: Timings

        def send(self, flow: Flow, message: Message) -> None:
            """Queue a datagram."""

        def log_state(self, machine: str, key: str, change: str) -> None:
            """Tell of a change of state."""

        def complete(self, transaction: Transaction, now: float) -> None:
            """It reached COMPLETED."""

        def forget(self, transaction: Transaction) -> None:
            """It reached TERMINATED."""

    class ClientUser(Protocol):
        """The transaction user of a client transaction."""

        def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
            """A response that is no retransmission; every 2xx to an INVITE (RFC 6026 7.2)."""

        def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
            """No response: 408 after a timeout, 503 after a transport error (8.1.3.1)."""

    class ServerUser(Protocol):
        """The transaction user of a server transaction."""

        def on_ack(self, request: Request, now: float) -> None:
            """ACK for a 2xx (RFC 6026 7.1)."""

        def on_no_ack(self, now: float) -> None:
            """Nobody acknowledged the final response (17.2.1)."""

    # A method of the machine: (transaction, message, now).
    Action = Callable[[Any, Any, float], None]
    # state -> event -> (next state, action, …); an event that a row does not have is ignored in that state.
    Table = dict[str, dict[str, tuple[str, *tuple[Action, ...]]]]

Key = tuple[object, ...]


class Transaction:
    """A machine driven by its table: `feed` looks up the row, sets the state, runs the actions.

    `TIMERS` names the timers that live in each state: entering a state starts those that do not run yet, and stops
    those that it does not have.
    """

    MACHINE: ClassVar[str]
    TABLE: ClassVar[Table]
    TIMERS: ClassVar[dict[str, tuple[str, ...]]]
    #: Timers that run only over UDP: retransmission (A, E, G).
    UNRELIABLE_ONLY: ClassVar[tuple[str, ...]] = ("A", "E", "G")
    #: Timers that are zero over a reliable transport, which brings no retransmissions to wait for (D, I, J, K).
    ZERO_IF_RELIABLE: ClassVar[tuple[str, ...]] = ("D", "I", "J", "K")

    def __init__(self, key: Key, request: Request, flow: Flow, transport: Transport, *, reliable: bool = False) -> None:
        self.key = key
        self.request = request
        self.flow = flow
        self.reliable = reliable
        #: Where a request that only its length sends over TCP goes when no connection comes about (18.1.1).
        self.fallback: Flow | None = None
        self.state = ""
        self._transport = transport
        self._timers: dict[str, Timer] = {}
        self._intervals: dict[str, float] = {}

    @property
    def is_over(self) -> bool:
        """Whether it was forgotten."""
        return self.state == "TERMINATED"

    def feed(self, event: str, message: Message | None, now: float) -> bool:
        """Run one row of the table; False when the event means nothing in this state."""
        row = self.TABLE[self.state].get(event)
        if row is None:
            return False
        state, *actions = row
        if state != self.state:
            self._set_state(state, now)
        for action in actions:
            action(self, message, now)
        return True

    def on_timer(self, name: str, now: float) -> None:
        """A timer of this transaction ran out."""
        self._timers.pop(name, None)
        self.feed(f"timer {name}", None, now)

    def transport_error(self, now: float) -> None:
        """The last message could not be sent (17.1.4, 17.2.4)."""
        self.feed("transport error", None, now)

    def end(self, now: float) -> None:
        """Before its time; what comes for it is something new."""
        self._set_state("TERMINATED", now)

    def fall_back(self, now: float) -> None:
        """Over UDP after all: send it again, and repeat it from now on (18.1.1)."""
        if self.fallback is not None:
            self.flow, self.fallback = self.fallback, None
            self.reliable = False
            self.feed("fall back", None, now)

    def _set_state(self, state: str, now: float) -> None:
        change = f"{self.state} -> {state}" if self.state else state
        self.state = state
        self._transport.log_state(self.MACHINE, self.request.via.branch, change)
        wanted = self.TIMERS.get(state, ())
        for name in [name for name in self._timers if name not in wanted]:
            self._timers.pop(name).cancel()
        for name in wanted:
            if name not in self._timers and not (self.reliable and name in self.UNRELIABLE_ONLY):
                self._start(name, now)
        if state == "TERMINATED":
            self._transport.forget(self)
        elif state == "COMPLETED":
            self._transport.complete(self, now)

    def _start(self, name: str, now: float) -> None:
        zero = self.reliable and name in self.ZERO_IF_RELIABLE
        self._timers[name] = self._transport.timers.start(self, name, now + (0 if zero else self._duration(name)))

    def _duration(self, name: str) -> float:
        """Seconds: table 4 of RFC 3261, and RFC 6026 8.11."""
        timings = self._transport.timings
        if name in {"A", "E", "G"}:
            return self._intervals.setdefault(name, timings.t1)
        if name == "D":
            return max(32.0, timings.give_up)  # "at least 32 s", whatever our own T1 is
        if name in {"I", "K"}:
            return timings.t4
        return timings.give_up

    def _restart_doubled(self, name: str, now: float, limit: float | None = None) -> None:
        interval = 2 * self._intervals[name]
        self._intervals[name] = interval if limit is None else min(interval, limit)
        self._start(name, now)

    def _send(self, message: Message) -> None:
        self._transport.send(self.flow, message)


def client_key(message: Message) -> Key:
    """What ties responses to the request: branch and CSeq method (17.1.3)."""
    return (message.via.branch, message.cseq.method)


def server_key(request: Request, method: str = "") -> Key:
    """What ties retransmissions, ACK and CANCEL to a request (17.2.3), never an address.

    `method` is the one of the transaction looked for, where it is not the request's own.
    """
    method = method or request.method
    via = request.via
    if via.has_unique_branch:
        return (via.branch, via.sent_by, method)
    # RFC 2543 peers. Without the To tag, which an ACK has and its INVITE has not.
    return (request.uri, request.from_.tag, request.call_id, request.cseq.number, str(via), method)


def response_event(status: int) -> str:
    """The name under which the tables know a status code."""
    if status < 200:
        return "1xx"
    return "2xx" if status < 300 else "300-699"
