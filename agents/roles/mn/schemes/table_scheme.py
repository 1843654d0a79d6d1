"""A scheme as a table: what each of its states does about each thing that it hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.roles.by_table import ByTable
from agents.roles.mn.schemes.scheme import Scheme

if TYPE_CHECKING:
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event


class CallUp(NamedTuple):
    """The peer has answered the call."""


class Wanted(NamedTuple):
    """The old link should be left."""


class LinkNews(NamedTuple):
    """A link came or went."""

    link: Link


class Due(NamedTuple):
    """Time has passed, or a packet of media has come."""


class TableScheme(ByTable, Scheme):
    """Hears the four things above and the events of SIP; `TABLE` is by state and by their types."""

    def call_established(self, *, now: float) -> None:
        """The peer has answered the call."""
        self.feed(CallUp(), now)

    def triggered(self, *, now: float) -> None:
        """The old link should be left."""
        self.feed(Wanted(), now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """A link came or went."""
        self.feed(LinkNews(link), now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """Something of SIP happened."""
        self.feed(event, now)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self.feed(Due(), now)
