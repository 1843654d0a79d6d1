"""Over which links the peer is heard, and over which it hears us, as events for the triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.mn.triggers.events import LinkHeard, LinkSilent, LinkUnheard, UplinkHeard, UplinkSilent

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.roles.mn.triggers.events import LinkEvent

# How often it is told that a link is heard.
TELL_INTERVAL_S = 0.1


class Hearing:
    """What has been told so far of each link, by name."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._silent: set[str] = set()
        # When what was told as heard had come; of every link on which the peer is to speak.
        self._heard_at: dict[str, float] = {}
        # Links over which the peer hears nothing: its newest report, and the last packet that had come by the first one
        # since then.
        self._unheard: dict[str, tuple[int, int | None]] = {}

    def news(self, *, now: float) -> list[LinkEvent]:
        """What is to be told now; often nothing."""
        legs = {leg.local.ip: name for name, leg in self._call.media.legs.items()}
        news = list(self._uplink_lost(now))
        for link in (self._call.old, self._call.new):
            name = legs.get(link.address)
            news += self._of(link, name, now)
            if link.name in self._unheard:
                news += self._uplink_back(link, name)
        return news

    def _of(self, link: Link, name: Hashable, now: float) -> Iterator[LinkEvent]:
        watch = self._call.media.silences.watch(name) if name is not None else None
        if watch is None:
            self._silent.discard(link.name)
            if self._heard_at.pop(link.name, None) is not None:
                yield LinkUnheard(link.name)
            return
        last = self._heard_at.setdefault(link.name, float("-inf"))
        if watch.heard_at is not None and watch.heard_at >= last + TELL_INTERVAL_S:
            self._heard_at[link.name] = watch.heard_at
            yield LinkHeard(link.name)
        if not watch.is_silent:
            self._silent.discard(link.name)
        elif link.name not in self._silent and watch.heard_at is not None:
            self._silent.add(link.name)
            yield LinkSilent(link.name, now - watch.heard_at, watch.unusual_s)

    def _uplink_lost(self, now: float) -> Iterator[LinkEvent]:
        """Where the call is while the peer hears nothing; see `LegReadiness.unheard`."""
        media = self._call.media
        name = None if media.readiness is None else media.readiness.unheard(now=now)
        leg = media.legs.get(name) if name is not None else None
        for link in (self._call.old, self._call.new):
            if leg is not None and link.address == leg.local.ip and link.name not in self._unheard:
                self._unheard[link.name] = media.reports.arrived(name)[0], None
                yield UplinkSilent(link.name)

    def _uplink_back(self, link: Link, name: Hashable) -> Iterator[LinkEvent]:
        """By reports on that leg, which come each 5 s or so: the second one says that more has come than the first."""
        reports, arrived = self._call.media.reports.arrived(name)
        known, before = self._unheard[link.name]
        if before is not None and arrived != before:
            del self._unheard[link.name]
            yield UplinkHeard(link.name)
        elif reports != known:
            self._unheard[link.name] = reports, arrived
