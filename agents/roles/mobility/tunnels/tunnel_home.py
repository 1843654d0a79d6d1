"""The home end of a tunnel by WireGuard: takes the packets of a mobile node, and sends them after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Deliver, Intercept, SetWireguard
from agents.roles.mobility.tunnels.roaming import WIREGUARD_PORT
from agents.roles.quiet_role import QuietRole

if TYPE_CHECKING:
    from random import Random

INTERFACE = "home-wg"


class TunnelHome(QuietRole):
    """A role. `config` says on which interface of the home network it is, and whose tunnel ends here.

    All that there is to do is done by the kernel: who the peer is it knows by its key, and where by its packets.
    """

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        ((home, keys),) = config["homes"].items()
        private_key, peer = (bytes.fromhex(keys[one]) for one in ("private_key", "peer"))
        self._commands += [
            SetWireguard(INTERFACE, private_key, WIREGUARD_PORT, peer, None),
            Intercept(home, config["interface"]),
            Deliver(home, (INTERFACE,)),
        ]
