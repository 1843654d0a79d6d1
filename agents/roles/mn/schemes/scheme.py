"""What every handover scheme is for the mobile node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event


class Scheme:
    """How a call is moved from its old link to its new one. Steps come in any order; a scheme does what fits.

    `requires` are the extensions that the first INVITE of a call under this scheme asks for.
    """

    requires: tuple[str, ...] = ()

    def __init__(self, call: Call) -> None:
        self.call = call
        self.state = "IDLE"

    def call_established(self, *, now: float) -> None:
        """The peer has answered the call."""

    def triggered(self, *, now: float) -> None:
        """The old link should be left."""

    def link_changed(self, link: Link, *, now: float) -> None:
        """A link came or went."""

    def receive_event(self, event: Event, *, now: float) -> None:
        """Something of SIP happened."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""

    def stop(self) -> None:
        """The call is being ended: no more steps."""
        self._set_state("OVER")

    def _done(self) -> None:
        self._set_state("DONE")
        self.call.handed_over()

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.call.tell("scheme", change=f"{self.state} -> {state}")
            self.state = state
