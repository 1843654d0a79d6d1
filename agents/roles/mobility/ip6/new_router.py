"""The router that a mobile node comes to (RFC 5568 4): holds its packets until the node says that it is there.

Not done: defending the new address for the node, which has it already, on its second radio; addresses that are assigned
(S flag); another address instead of the one that was announced (NAACK). There is room for one node at a time.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.fast_messages import FROM_OLD_LINK, FastStatus, HandoverAcknowledge, HandoverInitiate, InitiateFlag
from agents.mip6.mobility_header import MessageEnds
from agents.mip6.mobility_options import AddressOption, FastAuthorization, HandoverAddress
from agents.roles.kernel_orders import HoldBack, LetGo
from agents.roles.role import MobilityPacket, Tell

if TYPE_CHECKING:
    from agents.mip6.mobility_header import ParsedMobility
    from agents.mip6.proxy_advertisements import ArrivalAtRouter
    from agents.roles.mobility.ip6.previous_router import OtherRouter, PreviousRouter
    from agents.roles.role import Command

# 9: how long a node is waited for.
PROXY_ND_LIFETIME_S = 1.5
# 10: "implementations must limit the size of the buffer". A second and a half of speech in two tunnels has 24 kB.
MOST_BYTES = 32_768


class _Awaited(NamedTuple):
    """Who is to come, from which router, and until when; `came`: it is there."""

    address: str
    router: str
    ends: float
    came: bool = False


class NewRouter:
    """At one router. What it wants is appended to `commands`."""

    def __init__(
        self, config: dict[str, Any], others: dict[str, OtherRouter], left: PreviousRouter, commands: list[Command]
    ) -> None:
        self._interface: str = config["interface"]
        self._network = ipaddress.ip_network(config["prefix"])
        self._most_bytes: int = config.get("buffer_bytes", MOST_BYTES)
        self._others, self._left, self._commands = others, left, commands
        self._awaited: _Awaited | None = None
        # What was held by one who is no more has nobody to let it go.
        self._commands.append(LetGo(self._interface, delivers=False))
        self._says: list[tuple[str, dict[str, Any]]] = [("", {})]

    def get_timer(self) -> float | None:
        """When nobody is waited for any longer."""
        return None if self._awaited is None else self._awaited.ends

    def handle_timer(self, *, now: float) -> None:
        """Drops what is held for who has not come; with who has, there is nothing left to do."""
        if self._awaited is None or now < self._awaited.ends:
            return
        awaited, self._awaited = self._awaited, None
        self._let_go("" if awaited.came else "buffer_dropped", awaited, delivers=False)

    def take_initiate(self, packet: MobilityPacket, read: ParsedMobility, message: HandoverInitiate, now: float) -> str:
        """6.2.1.1; returns why it does not count, "" where it does."""
        router = self._others.get(packet.source)
        if router is None:
            return "no neighbour"
        if not router.key.has_signed(read, packet.source, packet.destination):
            return "the wrong key"
        addresses = {one.which: one.address for one in message.options if isinstance(one, AddressOption)}
        care_of = addresses.get(HandoverAddress.NEW_CARE_OF, "")
        status = self._judge(care_of)
        if status.is_accepted:
            self._left.end(care_of)
            if message.code == FROM_OLD_LINK and message.flags & InitiateFlag.BUFFER and not self._is_awaited(care_of):
                self._await(care_of, packet.source, now)
        facts = {"care_of": care_of, "old": addresses.get(HandoverAddress.OLD_CARE_OF, ""), "code": int(status)}
        self._commands.append(Tell("handover_initiated", facts))
        ends = MessageEnds(packet.destination, packet.source)
        answer = HandoverAcknowledge(message.sequence, int(status), (FastAuthorization(router.key.spi),))
        self._commands.append(MobilityPacket(*ends, router.key.packed(answer, ends, *ends)))
        return ""

    def take_arrival(self, arrival: ArrivalAtRouter, source: str, now: float) -> None:
        """6.3: who has been waited for is here, and gets all that there is."""
        awaited = self._awaited
        if awaited is not None and not awaited.came and arrival.address == source == awaited.address:
            self._awaited = awaited._replace(came=True, ends=now + PROXY_ND_LIFETIME_S)
            self._let_go("buffer_delivered", awaited, delivers=True)

    def take_held(self, facts: dict[str, Any]) -> None:
        """What the kernel says of the buffer; of one that was full by as many packets as had no room."""
        event, about = self._says.pop(0)
        if event:
            self._commands.append(Tell(event, {**about, **facts}))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _judge(self, care_of: str) -> FastStatus:
        if not care_of or ipaddress.ip_address(care_of) not in self._network:
            return FastStatus.UNSPECIFIED
        is_busy = self._awaited is not None and not self._awaited.came and self._awaited.address != care_of
        return FastStatus.NO_RESOURCES if is_busy else FastStatus.ACCEPTED

    def _is_awaited(self, care_of: str) -> bool:
        return self._awaited is not None and self._awaited.address == care_of and not self._awaited.came

    def _await(self, care_of: str, router: str, now: float) -> None:
        self._awaited = _Awaited(care_of, router, now + PROXY_ND_LIFETIME_S)
        self._commands.append(HoldBack(self._interface, router, care_of, self._most_bytes))

    def _let_go(self, event: str, awaited: _Awaited, *, delivers: bool) -> None:
        self._says.append((event, {"care_of": awaited.address}))
        self._commands.append(LetGo(self._interface, delivers=delivers))
