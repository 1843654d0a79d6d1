"""Proxy Mobile IPv6 (RFC 5213): an anchor is told by somebody who is no gateway where a node is."""

from __future__ import annotations

from dataclasses import replace

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import BindingUpdate, MessageEnds, UpdateFlag, packed
from agents.mip6.mobility_options import MessageAuthentication, NodeIdentifier
from agents.mip6.proxy_options import (
    AccessTechnology,
    AccessTechnologyType,
    Handoff,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLayerIdentifier,
    Timestamp,
)
from testbed.attacks.families.mobile_ipv6 import SIX, speech, status_of
from testbed.attacks.strange_parts import IP6_IN_IP, MOBILITY, octets, once_more, spoken, tunnelled
from testbed.attacks.tried import ATTACKER, FILTERED, IP6, NEIGHBOUR, Sender, Tried

__all__ = ["calls", "status_of"]

PROTOCOL, AGENT = "Proxy Mobile IPv6", "home-agent"
GATEWAY = "2001:db8:a00:200::a00:202"
GUESS = HomeKey(512, bytes(16))
NO_GATEWAY = 154
UNITS = 75
NO_HOME = "::"
RFC = "5213 5.3.1"


def calls(scheme: str) -> list[list[Tried]]:
    """The same, whatever gateways know of a node."""
    del scheme
    heard = once_more("", IP6.home, MOBILITY, newest=True)
    up = f"{IP6.kept}>{IP6.cn}"
    return [
        [
            _update("proxy-update", SIX, NO_GATEWAY, RFC),
            _update("proxy-update-forged", Sender(ATTACKER, GATEWAY, 6), None, FILTERED),
            replace(_update("proxy-update-replayed", SIX, NO_GATEWAY, RFC), known="sniffed", parts=(heard,),
                    when="second link"),
            speech("rtp-cn-forged", up, IP6.cn, Sender(ATTACKER, IP6.kept, 6), None, FILTERED, spoken(), PROTOCOL),
            replace(
                speech("rtp-cn-wifi", up, IP6.cn, Sender(NEIGHBOUR, IP6.kept, 6), None, "3550 9.2", spoken(), PROTOCOL),
                effect="heard",
            ),
            speech("tunnel-home", up, IP6.home, SIX, "ICMP", "5213 5.6.2", tunnelled(IP6_IN_IP, IP6.kept, IP6.cn),
                   PROTOCOL),
        ]
    ]  # fmt: skip


def _update(name: str, sender: Sender, answer: int | None, rfc: str) -> Tried:
    options = (
        NodeIdentifier("mn@home.example"), HomeNetworkPrefix(f"{IP6.kept}/128"),
        HandoffIndicator(Handoff.BETWEEN_INTERFACES), AccessTechnologyType(AccessTechnology.IEEE_802_11),
        LinkLayerIdentifier(bytes(6)), Timestamp(1 << 47), MessageAuthentication(GUESS.spi),
    )  # fmt: skip
    made = packed(
        BindingUpdate(40000, UpdateFlag.ACKNOWLEDGE | UpdateFlag.PROXY, UNITS, options),
        MessageEnds(sender.source, IP6.home),
        lambda covered: GUESS.authenticator(sender.source, NO_HOME, covered),
    )
    return Tried(
        name, IP6.home, answer, rfc, known="the address", sender=sender, parts=(octets(made, MOBILITY),),
        protocol=PROTOCOL, agent=AGENT,
    )  # fmt: skip
