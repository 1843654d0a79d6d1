"""What happened in a session: its parts report it, `Session` alone applies it, and tells its role (`events`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agents.sip.message.address import Address, Flow
    from agents.sip.message.message import Request, Response

# -- the first INVITE, ours (RFC 3261 13.2) ---------------------------------------------------------------------------


class Proceeding(NamedTuple):
    """A provisional response, 101 … 199."""

    response: Response


class Answered(NamedTuple):
    """A 2xx; further ones are other branches of a fork."""

    response: Response


class Rejected(NamedTuple):
    """300 … 699; 408 or 503 without a response."""

    status: int
    response: Response | None


# -- an INVITE of the peer's (RFC 3261 13.3) --------------------------------------------------------------------------


class Acked(NamedTuple):
    """The ACK for our 2xx came."""

    ack: Request


class NotAcked(NamedTuple):
    """64*T1 without an ACK for our 2xx."""


class Withdrawn(NamedTuple):
    """Cancelled or expired, and answered with 487."""

    reason: str


# -- a re-INVITE of ours (RFC 3261 14.1) ------------------------------------------------------------------------------


class Moved(NamedTuple):
    """The peer took the change: requests go this way from now on, and the peer reaches us at this Contact."""

    flow: Flow
    contact: str
    response: Response
    is_refresh: bool


class NotMoved(NamedTuple):
    """The session is as it was; after a 491 there may be another try at `retry_at`."""

    status: int
    response: Response | None
    retry_at: float | None
    is_refresh: bool


class RetryDue(NamedTuple):
    """The time after a 491 is over, and nothing is in the way."""


# -- a re-INVITE of the peer's (RFC 3261 14.2) ------------------------------------------------------------------------


class ChangeAsked(NamedTuple):
    """It waits for our answer."""

    request: Request


class ChangeAcked(NamedTuple):
    """The ACK for our 2xx, or the next INVITE in its place: the change is complete on both sides."""

    ack: Request


class ChangeNotAcked(NamedTuple):
    """64*T1 without an ACK for our 2xx."""


class ChangeWithdrawn(NamedTuple):
    """The peer took it back."""


# -- its time and its end (RFC 4028 10; RFC 3261 15) ------------------------------------------------------------------


class RefreshDue(NamedTuple):
    """Half of the session's time is over."""


class Expired(NamedTuple):
    """Nobody has refreshed it in time."""


class ByeDone(NamedTuple):
    """A BYE of ours is done with; `ends_dialog` when nothing else is to be waited for."""

    status: int
    local: Address
    ends_dialog: bool


class Over(NamedTuple):
    """No more media. `by` is "local" or "remote"; `reason` is for people."""

    reason: str
    by: str


#: What parts report to their session.
Outcome = (
    Proceeding
    | Answered
    | Rejected
    | Acked
    | NotAcked
    | Withdrawn
    | Moved
    | NotMoved
    | RetryDue
    | ChangeAsked
    | ChangeAcked
    | ChangeNotAcked
    | ChangeWithdrawn
    | RefreshDue
    | Expired
    | ByeDone
)
#: What a session tells its role.
Told = (
    Proceeding
    | Answered
    | Rejected
    | Acked
    | Moved
    | NotMoved
    | RetryDue
    | ChangeAsked
    | ChangeAcked
    | ChangeWithdrawn
    | ByeDone
    | Over
)

if TYPE_CHECKING:
    from typing import Protocol

    class Report(Protocol):
        """Where a part's outcomes go."""

        def __call__(self, outcome: Outcome, now: float, /) -> None:
            """Apply it."""
