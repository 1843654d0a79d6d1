"""IPsec that a mobile node takes along by MOBIKE (RFC 4555), between daemons that others wrote: what is left to do.

An IKE daemon at each end makes the tunnel as soon as a packet wants it, and moves it when the route to its other end
does: it asks whether the other end can be reached from there, and tells it to send there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Deliver, Intercept, OwnAddress, RouteTo, SetLogical
from agents.roles.mobility.on_one_link import OnOneLink
from agents.roles.quiet_role import QuietRole
from agents.roles.role import Open
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link

INTERFACE, HOME_INTERFACE = "mn-ike", "home-ike"
#: Of RFC 863: what comes there is thrown away.
DISCARD_PORT = 9


class MobikeSystem(OnOneLink):
    """A role. `config` says what the kept address is, and where the other end of the tunnel is."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config)
        del random
        self._far = config["home_agent"]
        self._here = Address(config["home_address"], DISCARD_PORT)
        self._has_begun_tunnel = False
        self._commands += [SetLogical(INTERFACE), OwnAddress(config["home_address"], INTERFACE), Open(self._here)]

    def _send_over(self, link: Link, now: float) -> None:
        """The route that the daemon goes by; and at first a datagram, so that there is a tunnel before the call."""
        del now
        if not self._has_begun_tunnel:
            self._has_begun_tunnel = True
            self._sending.append(Datagram(self._here, Address(self._far, DISCARD_PORT), b""))
        self._commands.append(RouteTo(self._far, link.address))


class DaemonsHome(QuietRole):
    """A role: takes a mobile node's packets at home, for the daemon's tunnel, which the kernel puts them into."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        (home,) = config["homes"]
        self._commands += [
            SetLogical(HOME_INTERFACE),
            Intercept(home, config["interface"]),
            Deliver(home, (HOME_INTERFACE,)),
        ]
