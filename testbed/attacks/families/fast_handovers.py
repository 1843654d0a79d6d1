"""Fast handovers (RFC 5568): what would have an access router send on, or hold back, somebody else's packets."""

from __future__ import annotations

from dataclasses import replace

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import FastBindingUpdate, HandoverInitiate, InitiateFlag
from agents.mip6.mobility_header import MessageEnds
from agents.mip6.mobility_options import AddressOption, AlternateCareOf, FastAuthorization, HandoverAddress
from testbed.attacks.families.mobile_ipv6 import A_AND_H, SIX, at_home, of_home, status_of, tunnels
from testbed.attacks.strange_parts import MOBILITY, octets, once_more
from testbed.attacks.tried import ATTACKER, FILTERED, IP6, Sender, Tried

__all__ = ["calls", "status_of"]

PROTOCOL = "Fast Mobile IPv6"
OLD_ROUTER, NEW_ROUTER = "access-router-wifi", "access-router-umts"
OF_LINK, OF_ROUTERS = FastKey(512, bytes(16)), FastKey(768, bytes(16))
SECONDS = 10
RFC = "5568 10"


def calls(scheme: str) -> list[list[Tried]]:
    """What Mobile IPv6 has, and what routers are told beside it."""
    del scheme
    return [[*at_routers(), *at_home(PROTOCOL), *tunnels(PROTOCOL)]]


def at_routers() -> list[Tried]:
    """Guessed, forged, and heard before; but an update to a router that is left goes over the air alone."""
    options = (AlternateCareOf(IP6.attacker), FastAuthorization(OF_LINK.spi))
    made = FastBindingUpdate(40000, A_AND_H, SECONDS, options)
    guessed = OF_LINK.packed(made, MessageEnds(IP6.mn, IP6.wifi_router), IP6.attacker, IP6.wifi_router)
    said = once_more("", IP6.umts_router, MOBILITY, newest=True)
    forged = Sender(ATTACKER, IP6.wifi_router, 6)
    return [
        _at(OLD_ROUTER, Tried("fast-update-guessed", IP6.wifi_router, None, RFC, "the address", SIX,
                              parts=(of_home(guessed, IP6.mn),))),
        _at(NEW_ROUTER, Tried("initiate-guessed", IP6.umts_router, None, RFC, "the address", SIX,
                              parts=(octets(initiate(IP6.attacker), MOBILITY),))),
        _at(NEW_ROUTER, Tried("initiate-forged", IP6.umts_router, None, FILTERED, "the address", forged,
                              parts=(octets(initiate(IP6.wifi_router), MOBILITY),))),
        replace(_at(NEW_ROUTER, Tried("initiate-replayed", IP6.umts_router, None, RFC, "sniffed", SIX, parts=(said,))),
                when="second link"),
    ]  # fmt: skip


def initiate(source: str) -> bytes:
    """As one router tells another who comes, with a guessed key."""
    ends = MessageEnds(source, IP6.umts_router)
    old, new = AddressOption(HandoverAddress.OLD_CARE_OF, IP6.mn), AddressOption(HandoverAddress.NEW_CARE_OF, IP6.ready)
    options = (old, new, FastAuthorization(OF_ROUTERS.spi))
    return OF_ROUTERS.packed(HandoverInitiate(1, InitiateFlag.BUFFER, 0, options), ends, *ends)


def _at(agent: str, tried: Tried) -> Tried:
    return replace(tried, protocol=PROTOCOL, agent=agent)
