"""What keeps a mobile node's home address by Mobile IPv6 with fast handovers (RFC 5568), below a phone.

The router that is left sends on what comes for the old address until the home agent knows the new one. What it can't or
won't do is done without it: then it is a handover of Mobile IPv6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mobility.ip6.fast_binding import FastBinding, parsed_fast
from agents.roles.mobility.mobile import AddressMove, MobileSystem
from agents.roles.role import MobilityPacket

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link
    from agents.roles.mobility.registers import RegistrationAnswered


class FastMobileSystem(MobileSystem):
    """A role. `config` says besides which routers the links have, and the keys."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config, random)
        self._fast = FastBinding(config, random, self._commands)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """Beside what others hear, what a router says of its neighbours."""
        if report["report"] == "neighbour":
            packet = report["packet"]
            if why := self._fast.hear_neighbour(packet, now=now):
                self._tell("discarded", reason=why, remote=packet.source)
        else:
            super().receive_report(report, now=now)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (super().get_timer(), self._fast.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        if self._fast.handle_timer(now=now):
            super()._register(now)
        super().handle_timer(now=now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        super()._link_told(link, news, now)
        if link.is_usable:
            self._fast.link_back(link)
        elif self._fast.link_gone(link, now=now):
            super()._register(now)

    def _hear(self, heard: bytes | MobilityPacket, remote: str, now: float) -> None:
        read = parsed_fast(heard) if isinstance(heard, MobilityPacket) else None
        if read is None or not isinstance(heard, MobilityPacket):
            super()._hear(heard, remote, now)
            return
        was_first = self._fast.is_asking_first
        if why := self._fast.receive(heard, read, now=now):
            self._tell("discarded", reason=why, remote=remote)
        elif was_first:
            super()._register(now)

    def _register(self, now: float) -> None:
        """First the router that is left is asked; the home agent, when it has answered or has gone."""
        if self._fast.is_asking_first:
            return
        if not self._fast.begin(self._link, self._other, now=now) or not self._fast.is_asking_first:
            super()._register(now)

    def _take(self, answered: RegistrationAnswered, now: float) -> None:
        super()._take(answered, now)
        if answered.is_accepted and answered.wish.lifetime_s and self.state == AddressMove.AT_REST:
            self._fast.registered(self._link, now=now)
            self._fast.solicit(self._link, now=now)
