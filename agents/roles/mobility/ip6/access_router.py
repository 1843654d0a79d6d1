"""An access router that knows of fast handovers (RFC 5568): for those who leave it, and for those who come to it."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import FastBindingUpdate, HandoverAcknowledge, HandoverInitiate
from agents.mip6.mobility_header import MessageEnds, parsed
from agents.mip6.mobility_options import MobilityParseError
from agents.mip6.neighbour_messages import ND_HOPS, NeighbourParseError
from agents.mip6.proxy_advertisements import (
    KINDS,
    ArrivalAtRouter,
    NeighbourRouter,
    ProxyAdvertisement,
    ProxySolicitation,
    parsed_neighbour,
)
from agents.roles.kernel_orders import LetInUpdates
from agents.roles.mobility.ip6.new_router import NewRouter
from agents.roles.mobility.ip6.previous_router import OtherRouter, PreviousRouter
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearMobility, HearNeighbours, MobilityPacket, NeighbourPacket, Tell

if TYPE_CHECKING:
    from random import Random


class AccessRouter(QuietRole):
    """A role. `config` says which interface is towards mobile nodes, and which routers are next to this one."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        self._address: str = config["address"]
        self._interface: str = config["interface"]
        self._link_layer, self._link_local = bytes.fromhex(config["link_layer"]), config["link_local"]
        told = config["neighbours"]
        self._neighbours = tuple(
            NeighbourRouter(bytes.fromhex(one["link_layer"]), one["address"], one["prefix"]) for one in told
        )
        others = {
            one["address"]: OtherRouter(one["address"], ipaddress.IPv6Network(one["prefix"]), FastKey.of(one))
            for one in told
        }
        self._left = PreviousRouter(config, others, random, self._commands)
        self._comes = NewRouter(config, others, self._left, self._commands)
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._commands += [HearMobility(), HearNeighbours(KINDS), LetInUpdates(self._address)]

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A mobility header, a message of neighbour discovery, or the kernel's word on a buffer."""
        if report["report"] == "mobility":
            self._hear(report["packet"], now)
        elif report["report"] == "neighbour":
            self._hear_neighbour(report["packet"], now)
        elif report["report"] == "held":
            self._comes.take_held({name: one for name, one in report.items() if name != "report"})

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return min((one for one in (self._left.get_timer(), self._comes.get_timer()) if one is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._left.handle_timer(now=now)
        self._comes.handle_timer(now=now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear(self, packet: MobilityPacket, now: float) -> None:
        try:
            read = parsed(packet.message, MessageEnds(packet.source_home or packet.source, packet.destination))
        except MobilityParseError as error:
            self._discard(str(error), packet.source)
            return
        message = read.message
        if isinstance(message, FastBindingUpdate):
            why = self._left.take_update(packet, read, message, now)
        elif isinstance(message, HandoverAcknowledge):
            why = self._left.take_acknowledgement(packet, read, message, now)
        elif isinstance(message, HandoverInitiate):
            why = self._comes.take_initiate(packet, read, message, now)
        else:
            why = "no fast handover"
        if why:
            self._discard(why, packet.source)

    def _hear_neighbour(self, packet: NeighbourPacket, now: float) -> None:
        """What came by the link of mobile nodes alone."""
        if packet.interface != self._interface:
            return
        if packet.hops != ND_HOPS:
            self._discard("has come over a router", packet.source)
            return
        try:
            message = parsed_neighbour(packet.message)
        except NeighbourParseError as error:
            self._discard(str(error), packet.source)
            return
        if isinstance(message, ProxySolicitation):
            answer = ProxyAdvertisement(message.identifier, self._link_layer, self._neighbours)
            self._commands.append(NeighbourPacket(self._link_local, packet.source, answer.packed(), self._interface))
        elif isinstance(message, ArrivalAtRouter):
            self._comes.take_arrival(message, packet.source, now)

    def _discard(self, reason: str, remote: str) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": remote}))
