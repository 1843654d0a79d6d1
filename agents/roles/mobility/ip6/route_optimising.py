"""Mobile IPv6's registrations with route optimisation (RFC 6275 11.7.2): at home, and then at correspondents.

Who they are is told: the RFC leaves it to the node whom it tells where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import MessageEnds, parsed
from agents.mip6.mobility_options import MobilityParseError
from agents.roles.mobility.ip6.binding_updates import BindingUpdates
from agents.roles.mobility.ip6.return_routability import ReturnRoutability
from agents.roles.role import MobilityPacket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from agents.roles.mobility.registers import Registers, RegistrationAnswered, Wish


class RouteOptimising:
    """What `at_home` does, and all that follows at each correspondent from where the node is."""

    def __init__(self, at_home: BindingUpdates, home: str, correspondents: Iterable[str], random: Random) -> None:
        self._at_home = at_home
        self.sending, self.commands, self.doubted = at_home.sending, at_home.commands, at_home.doubted
        self._routes = {one: ReturnRoutability(home, one, random, self.commands) for one in correspondents}
        self._is_bound = False

    @property
    def agent(self) -> str:
        """The home agent's address."""
        return self._at_home.agent

    @property
    def wish(self) -> Wish | None:
        """What is being asked for at home; None where nothing is."""
        return self._at_home.wish

    def has_address(self, address: str) -> None:
        """The node has this address from now on."""
        self._at_home.has_address(address)

    def ask(self, wish: Wish, *, now: float) -> None:
        """From now on this is asked for; the addresses are tested meanwhile (11.7.2), once there is a home to go by."""
        self._at_home.ask(wish, now=now)
        if self._is_bound and wish.lifetime_s:
            self._begin(wish.care_of, now)

    def stop(self) -> None:
        """Nothing is asked for any more."""
        self._at_home.stop()
        for route in self._routes.values():
            route.stop()

    def get_timer(self) -> float | None:
        """When to ask again."""
        timers = [self._at_home.get_timer(), *(route.get_timer() for route in self._routes.values())]
        return min((one for one in timers if one is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Asks again whoever has not answered for long enough."""
        self._at_home.handle_timer(now=now)
        for route in self._routes.values():
            route.handle_timer(now=now)

    def receive(self, heard: bytes | MobilityPacket, *, now: float) -> RegistrationAnswered | None:
        """A mobility header; None where it is no answer to what is being asked at home."""
        route = self._routes.get(heard.source) if isinstance(heard, MobilityPacket) else None
        if route is None or not isinstance(heard, MobilityPacket):
            answered = self._at_home.receive(heard, now=now)
            if answered is not None and answered.is_accepted and answered.wish.lifetime_s:
                self._is_bound = True
                self._begin(answered.wish.care_of, now)
                for each in self._routes.values():
                    each.moved(answered.wish.care_of, now=now)
            return answered
        try:
            read = parsed(heard.message, MessageEnds(heard.source, heard.destination_home or heard.destination))
        except MobilityParseError as error:
            self.doubted.append(str(error))
            return None
        if why := route.receive(heard, read, now=now):
            self.doubted.append(why)
        return None

    def _begin(self, care_of: str, now: float) -> None:
        """Where another address is bound, or none is."""
        for route in self._routes.values():
            if route.wants(care_of):
                route.begin(care_of, now=now)


def registering_of(config: dict[str, Any], random: Random) -> Registers:
    """Of the mobile node's configuration: with route optimisation where it has correspondents to tell."""
    home, several = config["home_address"], config["bindings"] != "one"
    at_home = BindingUpdates(
        home, config["home_agent"], HomeKey.of(config), random,
        identifier=config["identifier"], clock_offset_s=config["clock_offset_s"], binds_several=several,
    )  # fmt: skip
    return RouteOptimising(at_home, home, config["correspondents"], random) if "correspondents" in config else at_home
