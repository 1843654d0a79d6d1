"""The home end of a tunnel by WireGuard: takes the packets of a mobile node, and sends them after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Deliver, Intercept, SetWireguard
from agents.roles.mobility.roaming import WIREGUARD_PORT

if TYPE_CHECKING:
    from random import Random

    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Address, Datagram


INTERFACE = "home-wg"


class TunnelHome:
    """A role. `config` says on which interface of the home network it is, and whose tunnel ends here.

    All that there is to do is done by the kernel: who the peer is it knows by its key, and where by its packets.
    """

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        del random
        ((home, keys),) = config["homes"].items()
        private_key, peer = (bytes.fromhex(keys[one]) for one in ("private_key", "peer"))
        self._commands: list[Command] = [
            SetWireguard(INTERFACE, private_key, WIREGUARD_PORT, peer, None),
            Intercept(home, config["interface"]),
            Deliver(home, (INTERFACE,)),
        ]

    def start(self, *, now: float) -> None:
        """It has begun already."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """It has no socket."""

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """It sends nothing itself."""

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """There is neither user nor radio here."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """There is nothing to wait for."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """There is nothing to do."""

    def datagrams_to_send(self) -> list[Datagram]:
        """It sends nothing itself."""
        return []

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None
