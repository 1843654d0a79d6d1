"""A request that a role answers itself: any method outside of the call (RFC 3261 8.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_response, repeated_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.message.address import Address
    from agents.sip.message.build import Body
    from agents.sip.message.message import Request
    from agents.sip.transaction.noninvite_server import NonInviteServer


class ServerRequest:
    """`respond` once, soon: over UDP there is no 100 before, and no 408 after (RFC 4320)."""

    __slots__ = ("_tag", "_transaction", "request", "source")

    def __init__(self, transaction: NonInviteServer, source: Address, tag: str) -> None:
        self.request: Request = transaction.request
        self.source = source
        self._transaction = transaction
        self._tag = tag

    @property
    def local(self) -> Address:
        """Where it arrived, and its response leaves."""
        return self._transaction.flow.local

    def respond(
        self,
        status: int,
        *,
        now: float,
        reason: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: Body | None = None,
    ) -> None:
        """A final response; a second one is dropped (17.2.2)."""
        tag = self._tag if self.request.to.tag is None else None
        response = new_response(self.request, status, reason=reason, to_tag=tag, headers=headers, body=body)
        self._transaction.respond(response, now)

    def refuse_once(self, status: int, *, now: float, headers: Iterable[tuple[str, str]] = ()) -> None:
        """To who has proved nothing: the answer without a transaction that remembers it (RFC 3261 26.3.2.4, 8.2.7)."""
        response = new_response(self.request, status, to_tag=repeated_tag(self.request), headers=headers)
        self._transaction.respond_once(response, now)
