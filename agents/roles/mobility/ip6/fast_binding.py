"""What a mobile node says to its access routers (RFC 5568 3.2, 4), and what it is told: who is next, who sends on.

Where the old link still works when the new one does, the router that is left is asked over it ("predictive"); else over
the new one ("reactive"). Who has both links sends by the old one as long as that is there: what the RFC's reverse
tunnel is for, routers that drop a source of another link, is in nobody's way there.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import FastBindingAcknowledgement, FastBindingUpdate, FastStatus
from agents.mip6.mobility_header import MessageEnds, UpdateFlag, parsed
from agents.mip6.mobility_options import AlternateCareOf, FastAuthorization, LinkLayerAddress, MobilityParseError
from agents.mip6.neighbour_messages import ND_HOPS, NeighbourParseError
from agents.mip6.proxy_advertisements import (
    KINDS,
    ArrivalAtRouter,
    ProxyAdvertisement,
    ProxySolicitation,
    parsed_neighbour,
)
from agents.roles.kernel_orders import Detour, DropTunnel, SetTunnel
from agents.roles.mobility.ip6.asked_again import FIRST_TIMEOUT_S, AskedAgain
from agents.roles.role import HearNeighbours, MobilityPacket, NeighbourPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.mip6.mobility_header import ParsedMobility
    from agents.mip6.proxy_advertisements import NeighbourRouter
    from agents.roles.mn.call.links import Link
    from agents.roles.role import Command

# 5.6: how long the router that was left sends on.
LIFETIME_S = 10
# MAX_RTSOLPR_RATE (9) is 3 a second: doubled from here there are no more.
SOLICITATION_TIMEOUT_S = 0.5
# What the tunnels from and to the router that was left are called: one for each new link, named after it.
FAST_TUNNELS = "fmip-"
_A_AND_H = UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION


class Redirection(StrEnum):
    """NONE; ASKED over the old link, or over the NEW one; DONE: the old router sends on."""

    NONE = "NONE"
    ASKED_OLD = "ASKED OVER THE OLD LINK"
    ASKED_NEW = "ASKED OVER THE NEW LINK"
    DONE = "DONE"


class RouterOfLink(NamedTuple):
    """The router of one of the node's links, the key that it shares with it, and the node's own address there."""

    address: str
    key: FastKey
    link_layer: bytes


class FastBinding:
    """One mobile node's. What it wants is appended to `commands`."""

    def __init__(self, config: dict[str, Any], random: Random, commands: list[Command]) -> None:
        self._routers = {
            name: RouterOfLink(one["address"], FastKey.of(one), bytes.fromhex(one["link_layer"]))
            for name, one in config["routers"].items()
        }
        self._random, self._commands = random, commands
        self._sequence = random.getrandbits(16)
        self.state = Redirection.NONE
        # Who is next to the router of which link; what is being asked of it, and how long its last answer took.
        self._neighbours: dict[str, tuple[NeighbourRouter, ...]] = {}
        self._solicited: tuple[Link, int, AskedAgain] | None = None
        self._round_trip_s: dict[str, float] = {}
        # The links of the handover, the last update's number, and when it is repeated.
        self._old: Link | None = None
        self._new: Link | None = None
        self._again: AskedAgain | None = None
        self._asked, self._asked_at = 0, 0.0
        # The tunnel that there is, whether what the node sends from the old address takes it, and may have to.
        self._tunnel = ""
        self._is_detoured = self._may_detour = False
        # Until when the router of a link sends on what comes for the address there, and which update ended that.
        self._sends_on: dict[str, float] = {}
        self._ended: int | None = None
        self._commands.append(HearNeighbours(KINDS))

    @property
    def is_asking_first(self) -> bool:
        """Whether the router that is to be left has not answered yet, and is still there."""
        return self.state == Redirection.ASKED_OLD

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [one.due for one in (self._again, self._solicited[2] if self._solicited else None) if one is not None]
        return min(timers, default=None)

    def handle_timer(self, *, now: float) -> bool:
        """Asks again; True: the router that is to be left has been asked for the last time, and says nothing."""
        if self._solicited is not None and now >= self._solicited[2].due:
            link, _, again = self._solicited
            if again.may_ask(now=now):
                self._send_solicitation(link, again)
            else:
                self._solicited = None
                self._commands.append(Tell("no_neighbours", {"link": link.name, "reason": "no answer"}))
        if self._again is None or now < self._again.due:
            return False
        if self._again.may_ask(now=now):
            self._send_update()
            return False
        was_first = self.is_asking_first
        self._give_up("no answer")
        return was_first

    # -- who is next --------------------------------------------------------------------------------------------------

    def solicit(self, link: Link, *, now: float) -> None:
        """Asks a link's router for its neighbours (6.1.1), where that is not known."""
        is_asked = self._solicited is not None and self._solicited[0] is link
        if link.name not in self._neighbours and not is_asked and link.name in self._routers:
            self._send_solicitation(link, AskedAgain(SOLICITATION_TIMEOUT_S, now=now))

    def hear_neighbour(self, packet: NeighbourPacket, *, now: float) -> str:
        """A PrRtAdv (6.1.2); returns why it does not count, "" where it does, or is none."""
        if packet.hops != ND_HOPS:
            return "has come over a router"
        try:
            message = parsed_neighbour(packet.message)
        except NeighbourParseError as error:
            return str(error)
        if not isinstance(message, ProxyAdvertisement):
            return ""
        if self._solicited is None or message.identifier != self._solicited[1]:
            return "answers nothing that is being asked"
        link, _, again = self._solicited
        if packet.interface != link.interface:
            return "came by another link"
        self._solicited = None
        self._neighbours[link.name] = message.neighbours
        self._round_trip_s[link.name] = now - again.asked_at
        facts = {"link": link.name, "routers": [one.address for one in message.neighbours]}
        self._commands.append(Tell("neighbours", facts))
        return ""

    # -- a handover ---------------------------------------------------------------------------------------------------

    def begin(self, old: Link, new: Link, *, now: float) -> bool:
        """Asks the router that is to be left (3.2), by the old link if that is there; False: it can't be asked."""
        self.end()
        if self._next_router(old, new) is None:
            return False
        self._may_detour = True
        self._old, self._new, self._asked_at = old, new, now
        self._tunnel = f"{FAST_TUNNELS}{new.name}"
        self._commands.append(SetTunnel(self._tunnel, new.address, self._routers[old.name].address))
        if old.is_usable:
            self.state = Redirection.ASKED_OLD
            first_s = max(FIRST_TIMEOUT_S, 2 * self._round_trip_s[old.name])
        else:
            self.state = Redirection.ASKED_NEW
            first_s = SOLICITATION_TIMEOUT_S
            self._say_arrived()
        self._tell("redirecting", mode="predictive" if self.is_asking_first else "reactive")
        self._again = AskedAgain(first_s, now=now)
        self._send_update()
        return True

    def link_gone(self, link: Link, *, now: float) -> bool:
        """Of the old one, the update goes over the new link now, and True; or what it is the source of has a tunnel."""
        if link is self._new and self.is_asking_first:
            self.end()
        elif link is self._old and self.is_asking_first:
            self.state, self._again = Redirection.ASKED_NEW, AskedAgain(SOLICITATION_TIMEOUT_S, now=now)
            self._say_arrived()
            self._tell("redirecting", mode="reactive")
            self._send_update()
            return True
        elif link is self._old and self.state == Redirection.DONE:
            self._detour()
        return False

    def link_back(self, link: Link) -> None:
        """What has the old address as its source goes by its link again."""
        if link is self._old and self._is_detoured:
            self.end()

    def end(self) -> None:
        """There is no handover, and no tunnel of one."""
        self._again, self.state = None, Redirection.NONE
        self._is_detoured = self._may_detour = False
        if self._tunnel:
            self._commands.append(DropTunnel(self._tunnel))
            self._tunnel = ""

    def receive(self, packet: MobilityPacket, read: ParsedMobility, *, now: float) -> str:
        """An FBack (6.2.3); returns why it does not count, "" where it does."""
        answer, old, new = read.message, self._old, self._new
        if not isinstance(answer, FastBindingAcknowledgement):
            return "answers nothing that is being asked"
        is_known = self.state == Redirection.DONE and answer.sequence == self._asked  # it comes over both links
        if is_known or answer.sequence == self._ended:
            return ""
        if old is None or new is None or self._again is None or answer.sequence != self._asked:
            return "answers nothing that is being asked"
        router = self._routers[old.name]
        if packet.source != router.address or not router.key.has_signed(read, new.address, router.address):
            return "not signed by the router that was asked"
        if answer.status >= FastStatus.UNSPECIFIED:
            self._give_up(f"refused with {answer.status}")
        else:
            self._sends_on[old.name] = now + answer.lifetime_s
            self._tell("redirected", lifetime_s=answer.lifetime_s, took_s=round(now - self._asked_at, 6))
            self._redirected(old)
        return ""

    def registered(self, link: Link, *, now: float) -> None:
        """The home agent sends to this link: its router has nothing to send on any more (5.6)."""
        if self._sends_on.pop(link.name, 0.0) > now and link.name in self._routers:
            self._ended = self._send(link.address, link, link.address, link, 0)
        if link is self._new:
            self._may_detour = False

    # -- inside -------------------------------------------------------------------------------------------------------

    def _next_router(self, old: Link, new: Link) -> NeighbourRouter | None:
        """The router of the new link, by what that of the old one has said."""
        address = ipaddress.ip_address(new.address)
        found = self._neighbours.get(old.name, ())
        return next((one for one in found if address in ipaddress.ip_network(one.prefix)), None)

    def _send_solicitation(self, link: Link, again: AskedAgain) -> None:
        identifier = self._random.getrandbits(16)
        self._solicited = link, identifier, again
        router = self._routers[link.name]
        message = ProxySolicitation(identifier, router.link_layer)
        self._commands.append(NeighbourPacket(link.address, router.address, message.packed(), link.interface))

    def _say_arrived(self) -> None:
        """UNA (6.3)."""
        old, new = self._old, self._new
        if old is None or new is None or (router := self._next_router(old, new)) is None:
            return
        message = ArrivalAtRouter(new.address, self._routers[new.name].link_layer)
        self._commands.append(NeighbourPacket(new.address, router.address, message.packed(), new.interface))

    def _send_update(self) -> None:
        old, new = self._old, self._new
        if old is not None and new is not None:
            source = old.address if self.is_asking_first else new.address
            self._asked = self._send(source, old, new.address, new, LIFETIME_S)

    def _send(self, source: str, old: Link, care_of: str, comes: Link, lifetime_s: int) -> int:
        """To the old link's router, whose node comes to another link; returns the update's number."""
        self._sequence = (self._sequence + 1) % 0x10000
        router = self._routers[old.name]
        link_layer = LinkLayerAddress(self._routers[comes.name].link_layer)
        options = (AlternateCareOf(care_of), link_layer, FastAuthorization(router.key.spi))
        update = FastBindingUpdate(self._sequence, int(_A_AND_H), lifetime_s, options)
        data = router.key.packed(update, MessageEnds(old.address, router.address), care_of, router.address)
        self._commands.append(MobilityPacket(source, router.address, data, source_home=old.address))
        return self._sequence

    def _redirected(self, old: Link) -> None:
        was_first, self._again, self.state = self.is_asking_first, None, Redirection.DONE
        if was_first:
            self._say_arrived()
        if not old.is_usable:
            self._detour()

    def _detour(self) -> None:
        if self._old is not None and self._may_detour and not self._is_detoured:
            self._is_detoured = True
            self._commands.append(Detour(self._old.address, self._tunnel))

    def _give_up(self, reason: str) -> None:
        self._again, self.state = None, Redirection.NONE
        self._tell("redirection_failed", reason=reason)

    def _tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        links = {"link": self._old.name if self._old else None, "to": self._new.name if self._new else None}
        self._commands.append(Tell(event, {**links, **facts}))


def parsed_fast(packet: MobilityPacket) -> ParsedMobility | None:
    """An FBack; None for what is none. What is no message of any kind is left to who reads the others."""
    try:
        read = parsed(packet.message, MessageEnds(packet.source, packet.destination))
    except MobilityParseError:
        return None
    return read if isinstance(read.message, FastBindingAcknowledgement) else None
