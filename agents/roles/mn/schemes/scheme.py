"""What every handover scheme is for the mobile node: the interface of ours and of those that users bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.call.again import Again

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.sip.message.message import Response
    from agents.sip.session.events import Event

# Of what a user's scheme sees: this class, SchemeRow, what of Call and Link docs/schemes.md names, and the events.
API_VERSION = 1


class Scheme:
    """How a call is moved from its old link to its new one. Steps come in any order; a scheme does what fits.

    `requires` are the extensions that the first INVITE of a call under this scheme asks for. `state` is told to the
    timeline at each change.
    """

    requires: tuple[str, ...] = ()

    def __init__(self, call: Call) -> None:
        self.call = call
        self.state: str = "IDLE"
        #: When a handover that has failed may be tried again.
        self.again = Again()

    def call_established(self, *, now: float) -> None:
        """The peer has answered the call."""

    def triggered(self, *, now: float) -> None:
        """The old link should be left. It is said again, if that is still so, when `again` says."""

    def link_changed(self, link: Link, *, now: float) -> None:
        """A link came or went."""

    def receive_event(self, event: Event, *, now: float) -> None:
        """Something of SIP happened."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next, in the seconds of `now`."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """Do what is due. Also asked with each packet of media that arrives: look at the time."""

    def stop(self) -> None:
        """The call is being ended: no more steps."""
        self.enter("OVER")

    def next(self) -> Scheme:
        """The scheme for the call's next handover, which goes the other way: a new one, unless this one lasts."""
        return type(self)(self.call)

    def endangered(self, because: dict[str, Any] | None, *, now: float) -> None:
        """The link that the call is on is in danger for this reason, or no longer; for who copies media `at-risk`."""

    def done(self) -> None:
        """The call is on the new link: DONE."""
        self.enter("DONE")
        self.call.handed_over()

    def fail(self, now: float, status: int | None = None, response: Response | None = None, **facts: object) -> None:
        """The call is not on the new link: FAILED, and perhaps for a time only; `response` is the peer's."""
        self.enter("FAILED")
        self.again.failed(status, response, now=now)
        self.call.tell("handover_failed", **({} if status is None else {"status": status}), **facts)

    def enter(self, state: str) -> None:
        """Goes into a state, and tells of it."""
        if state != self.state:
            self.again.at = None
            self.call.tell("scheme", change=f"{self.state} -> {state}")
            self.state = state
