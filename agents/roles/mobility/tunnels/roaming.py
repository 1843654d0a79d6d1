"""A tunnel by WireGuard that a mobile node takes along.

WireGuard's peer answers to where the last authentic packet came from (Donenfeld, NDSS 2017, 2.1). So all that comes
follows what is sent. Nothing is said for that, but where the phone is silent: there a packet without content says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Greet, OwnAddress, RouteLike, SetWireguard
from agents.roles.mobility.on_one_link import OnOneLink
from agents.sip.message.address import Address

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link

#: WireGuard has no port of its own at IANA; this is the one that its documents use.
WIREGUARD_PORT = 51820
INTERFACE = "mn-wg"


class RoamingSystem(OnOneLink):
    """A role. `config` is what the scenario says of the links, the triggers, and the other end of the tunnel."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config)
        del random
        self._far = Address(config["home_agent"], WIREGUARD_PORT)
        self._peer = bytes.fromhex(config["peer"])
        self._commands += [
            SetWireguard(INTERFACE, bytes.fromhex(config["private_key"]), WIREGUARD_PORT, self._peer, self._far),
            OwnAddress(config["home_address"], INTERFACE),
        ]

    # -- inside -------------------------------------------------------------------------------------------------------

    def _send_over(self, link: Link, now: float) -> None:
        """By the link to be on, and at once: the far end knows of it by what it gets."""
        del now
        self._commands += [RouteLike(self._far, link.address), Greet(INTERFACE, self._peer)]
