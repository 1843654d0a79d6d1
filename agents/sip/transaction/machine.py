"""What the four transaction machines have in common (RFC 3261 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.transaction.states import (
    UNRELIABLE_ONLY,
    ZERO_IF_RELIABLE,
    TransactionState,
    TransactionStep,
    TransactionTimer,
)

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
        first_waits: dict[str, float]

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
    # (next state, action, …) of each; what a state does not have is ignored in it.
    Row = dict[TransactionStep | TransactionTimer, tuple[TransactionState, *tuple[Action, ...]]]
    Table = dict[TransactionState, Row]

Key = tuple[object, ...]


class Transaction:
    """A machine driven by its table: `feed` looks up the row, sets the state, runs the actions.

    Timers live in the states whose row has them: entering a state starts those that do not run yet, and stops those
    that it does not have.
    """

    MACHINE: ClassVar[str]
    TABLE: ClassVar[Table]

    def __init__(self, key: Key, request: Request, flow: Flow, transport: Transport, *, reliable: bool = False) -> None:
        self.key = key
        self.request = request
        self.flow = flow
        self.reliable = reliable
        #: Where a request that only its length sends over TCP goes when no connection comes about (18.1.1).
        self.fallback: Flow | None = None
        #: Of a server: what each 2xx says beside what its user says.
        self.success_headers: list[tuple[str, str]] = []
        self.state = TransactionState.NEW
        self._transport = transport
        self._timers: dict[TransactionTimer, Timer] = {}
        self._intervals: dict[TransactionTimer, float] = {}

    @property
    def is_over(self) -> bool:
        """Whether it was forgotten."""
        return self.state is TransactionState.TERMINATED

    def feed(self, step: TransactionStep | TransactionTimer, message: Message | None, now: float) -> bool:
        """Run one row of the table; False when the step means nothing in this state."""
        row = self.TABLE[self.state].get(step)
        if row is None:
            return False
        state, *actions = row
        if state is not self.state:
            self._set_state(state, now)
        for action in actions:
            action(self, message, now)
        return True

    def complemented(self, response: Response) -> Response:
        """The response with `success_headers`, unless it has them already, as one that is sent again."""
        if response_step(response.status) is TransactionStep.SUCCESS:
            for name, value in self.success_headers:
                if name.lower() not in response.headers:
                    response.headers.add(name, value)
        return response

    def on_timer(self, name: str, now: float) -> None:
        """A timer of this transaction ran out."""
        timer = TransactionTimer(name)
        self._timers.pop(timer, None)
        self.feed(timer, None, now)

    def transport_error(self, now: float) -> None:
        """The last message could not be sent (17.1.4, 17.2.4)."""
        self.feed(TransactionStep.TRANSPORT_ERROR, None, now)

    def end(self, now: float) -> None:
        """Before its time; what comes for it is something new."""
        self._set_state(TransactionState.TERMINATED, now)

    def fall_back(self, now: float) -> None:
        """Over UDP after all: send it again, and repeat it from now on (18.1.1)."""
        if self.fallback is not None:
            self.flow, self.fallback = self.fallback, None
            self.reliable = False
            self.feed(TransactionStep.FALL_BACK, None, now)

    def _set_state(self, state: TransactionState, now: float) -> None:
        change = f"{self.state} -> {state}" if self.state else str(state)
        self.state = state
        self._transport.log_state(self.MACHINE, self.request.via.branch, change)
        wanted = [step for step in self.TABLE[state] if isinstance(step, TransactionTimer)]
        for timer in [timer for timer in self._timers if timer not in wanted]:
            self._timers.pop(timer).cancel()
        for timer in wanted:
            if timer not in self._timers and not (self.reliable and timer in UNRELIABLE_ONLY):
                self._start(timer, now)
        if state is TransactionState.TERMINATED:
            self._transport.forget(self)
        elif state is TransactionState.COMPLETED:
            self._transport.complete(self, now)

    def _start(self, timer: TransactionTimer, now: float) -> None:
        zero = self.reliable and timer in ZERO_IF_RELIABLE
        self._timers[timer] = self._transport.timers.start(self, timer, now + (0 if zero else self._duration(timer)))

    def _duration(self, timer: TransactionTimer) -> float:
        """Seconds: table 4 of RFC 3261, and RFC 6026 8.11."""
        timings = self._transport.timings
        if timer in UNRELIABLE_ONLY:
            first = self._transport.first_waits.get(self.flow.local.ip, timings.t1)
            return self._intervals.setdefault(timer, first)
        if timer is TransactionTimer.D:
            return max(32.0, timings.give_up)  # "at least 32 s", whatever our own T1 is
        if timer in {TransactionTimer.I, TransactionTimer.K}:
            return timings.t4
        return timings.give_up

    def _restart_doubled(self, timer: TransactionTimer, now: float, limit: float | None = None) -> None:
        interval = 2 * self._intervals[timer]
        self._intervals[timer] = interval if limit is None else min(interval, limit)
        self._start(timer, now)

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


def response_step(status: int) -> TransactionStep:
    """What a status code is in the tables."""
    if status < 200:
        return TransactionStep.PROVISIONAL
    return TransactionStep.SUCCESS if status < 300 else TransactionStep.REFUSAL
