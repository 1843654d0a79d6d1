"""A request outside of calls, such as REGISTER or OPTIONS, as its sender sees it (RFC 3261 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.sip.message.address import Flow
    from agents.sip.message.build import Body
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.transaction.machine import Transaction


class Ask(NamedTuple):
    """What a request outside of a dialog says. `call_id` is made when it is empty."""

    method: str
    request_uri: str
    from_: str
    to: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    route: tuple[str, ...] = ()
    call_id: str = ""


class ClientRequest:
    """Ends in one `ResponseReceived` or `RequestFailed`. `request` is the last one that was sent."""

    def __init__(
        self, core: Core, request: Request, flow: Flow, tell: Callable[[ResponseReceived | RequestFailed], None]
    ) -> None:
        self.request = request
        self.flow = flow
        self.response: Response | None = None
        self._core = core
        self._tell = tell
        self._tried: set[tuple[str, str]] = set()

    def start(self, now: float) -> None:
        """Send it."""
        self._core.transactions.request(self.request, self.flow, self, now)

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """From the transaction; provisional ones mean nothing here."""
        if response.status < 200:
            return
        again = self._core.answer_challenge(self.request, response, self._next_cseq, self._tried)
        if again is not None:
            self.request = again
            self.start(now)
            return
        self.response = response
        self._tell(ResponseReceived(self, response))

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        """No response (8.1.3.1)."""
        self._tell(RequestFailed(self, status))

    def _next_cseq(self) -> int:
        return self.request.cseq.number + 1


class ResponseReceived(NamedTuple):
    """The final response to a request outside of calls."""

    client_request: ClientRequest
    response: Response


class RequestFailed(NamedTuple):
    """No final response to a request outside of calls: `status` 408 after 64*T1, 503 when it could not be sent."""

    client_request: ClientRequest
    status: int
