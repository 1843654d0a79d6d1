"""Who binds a regional care-of address at an anchor point, and that one at home (RFC 5380 6.1): once, and not at moves.

The anchor point is told, or its address heard of in router advertisements; the regional address is of its subnet.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import UNIT_S, UpdateFlag
from agents.roles.kernel_orders import OwnAddress, SetTunnel
from agents.roles.mobility.ip6.binding_updates import BindingUpdates
from agents.roles.mobility.registers import Wish
from agents.roles.role import MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mobility.registers import RegistrationAnswered

# The tunnel from the regional address to the home agent, inside the one of the link that is in use.
HOME_TUNNEL = "hmip-home"
LIFETIME_S = 300
RENEW_AFTER = 0.75
AGAIN_AFTER_S = 4.0
# RFC 4291 2.5.1: an interface identifier has so many bits.
IDENTIFIER_BITS = 64


def regional_address(anchor_point: str, interface_identifier: str) -> str:
    """An address on the anchor point's subnet (6): its prefix, and the identifier's 64 bits, in hexadecimal digits."""
    prefix = int(ipaddress.IPv6Address(anchor_point)) >> IDENTIFIER_BITS << IDENTIFIER_BITS
    return str(ipaddress.IPv6Address(prefix | int(interface_identifier, 16)))


class HierarchicalBinding:
    """What `local` does, and what follows from it at home."""

    def __init__(self, local: BindingUpdates, at_home: BindingUpdates, regional: str, home: str) -> None:
        self._local, self._at_home, self._regional, self._home = local, at_home, regional, home
        self.sending = local.sending
        self.doubted = at_home.doubted = local.doubted
        # Both want mobility headers to be heard, and that is wanted once.
        self.commands = local.commands = at_home.commands = [
            *dict.fromkeys([*local.commands, *at_home.commands]),
            SetTunnel(HOME_TUNNEL, regional, at_home.agent),
            OwnAddress(home, HOME_TUNNEL),
        ]
        # How long the regional address is bound here, and when it is to be bound at home, or to be again.
        self._until = 0.0
        self._due: float | None = 0.0

    @property
    def agent(self) -> str:
        """The anchor point's address."""
        return self._local.agent

    @property
    def wish(self) -> Wish | None:
        """What is being asked for of the anchor point; None where nothing is."""
        return self._local.wish

    def has_address(self, address: str) -> None:
        """The node has this address from now on."""
        self._local.has_address(address)

    def ask(self, wish: Wish, *, now: float) -> None:
        """From now on this is asked for, of the anchor point."""
        self._local.ask(wish, now=now)

    def stop(self) -> None:
        """That is asked for no more. What is asked at home goes by whatever link is there."""
        self._local.stop()

    def get_timer(self) -> float | None:
        """When to ask one of both, again."""
        timers = (self._local.get_timer(), self._at_home.get_timer(), self._due if self._until else None)
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Asks again whoever has not answered for long enough."""
        self._local.handle_timer(now=now)
        self._at_home.handle_timer(now=now)
        if self._due is not None and self._until and now >= self._due:
            self._bind_at_home(now)

    def receive(self, heard: bytes | MobilityPacket, *, now: float) -> RegistrationAnswered | None:
        """A mobility header; None where it is no answer to what is being asked of the anchor point."""
        if isinstance(heard, MobilityPacket) and heard.source == self._at_home.agent:
            answered = self._at_home.receive(heard, now=now)
            if answered is not None:
                self._answered_at_home(answered, now)
            return None
        answered = self._local.receive(heard, now=now)
        if answered is not None and answered.is_accepted and answered.wish.lifetime_s:
            self._until = now - answered.took_s + answered.lifetime_s
            if self._due is not None and now >= self._due:
                self._bind_at_home(now)
        return answered

    # -- inside -------------------------------------------------------------------------------------------------------

    def _bind_at_home(self, now: float) -> None:
        """For no longer than it is bound here (6.1)."""
        lifetime_s = min(LIFETIME_S, int(self._until - now)) // UNIT_S * UNIT_S
        if lifetime_s <= 0:  # here it is over: once it is bound again
            self._until = 0.0
            return
        self._due = None
        self.commands.append(Tell("registering_at_home", {"care_of": self._regional}))
        self._at_home.ask(Wish(self._regional, lifetime_s, False, self._regional), now=now)

    def _answered_at_home(self, answered: RegistrationAnswered, now: float) -> None:
        facts = {"care_of": self._regional, "code": answered.code, "took_s": round(answered.took_s, 6)}
        if answered.is_accepted:
            self._due = now - answered.took_s + RENEW_AFTER * answered.lifetime_s
            self.commands.append(Tell("registered_at_home", {**facts, "lifetime_s": answered.lifetime_s}))
        else:
            self._due = now + AGAIN_AFTER_S
            self.commands.append(Tell("registration_at_home_refused", facts))


def registering_of(config: dict[str, Any], random: Random) -> HierarchicalBinding:
    """Of the mobile node's configuration."""
    home, point = config["home_address"], config["anchor_point"]
    regional = regional_address(point["address"], config["interface_identifier"])
    who = {"identifier": config["identifier"], "clock_offset_s": config["clock_offset_s"]}
    local = BindingUpdates(regional, point["address"], HomeKey.of(point), random, kind=UpdateFlag.LOCAL, **who)
    return HierarchicalBinding(
        local, BindingUpdates(home, config["home_agent"], HomeKey.of(config), random, **who), regional, home
    )
