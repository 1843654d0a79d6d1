"""Hierarchical Mobile IPv6 (RFC 5380): what would have an anchor point send on somebody else's packets, or his."""

from __future__ import annotations

from dataclasses import replace

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import BindingUpdate, MessageEnds, UpdateFlag, packed
from agents.mip6.mobility_options import MessageAuthentication, ReplayProtection
from testbed.attacks.families.mobile_ipv6 import (
    FAILED,
    MOST,
    OLD_TIME,
    SIX,
    UNITS,
    at_home,
    of_home,
    speech,
    status_of,
    tunnels,
)
from testbed.attacks.strange_parts import DESTINATION_OPTIONS, IP6_IN_IP, each, once_more, tunnelled
from testbed.attacks.tried import IP6, Tried

__all__ = ["calls", "status_of"]

PROTOCOL, AGENT = "Hierarchical Mobile IPv6", "anchor-point"
POINT, REGIONAL = "2001:db8:a00:100::a00:101", "2001:db8:a00:100:0:ff:fe00:1"
GUESS = HomeKey(1024, bytes(16))
A_AND_M = UpdateFlag.ACKNOWLEDGE | UpdateFlag.LOCAL
RFC = "5380 12.1"


def calls(scheme: str) -> list[list[Tried]]:
    """Who is at home is told where the regional address is: once, and before there is speech."""
    del scheme
    told_at_home = [one for one in at_home(PROTOCOL) if one.when == "first link"]
    to_node = [one for one in tunnels(PROTOCOL) if one.effect == "none"]
    return [[*at_point(), *told_at_home, *to_node]]


def at_point() -> list[Tried]:
    """Guessed, and heard before; and a tunnel that does not begin where the address is bound."""
    stamp = ReplayProtection(1 << 63)
    signed = BindingUpdate(40000, A_AND_M, UNITS, (stamp, MessageAuthentication(GUESS.spi)))
    guessed = packed(
        signed, MessageEnds(REGIONAL, POINT),
        lambda covered: GUESS.authenticator(IP6.attacker, REGIONAL, covered),
    )  # fmt: skip
    bare = packed(replace(signed, options=()), MessageEnds(REGIONAL, POINT))
    heard, passing = (
        once_more("", POINT, DESTINATION_OPTIONS, newest=True), each("", POINT, DESTINATION_OPTIONS, for_s=3.5)
    )  # fmt: skip
    replayed = replace(_update("update-point-replayed", b"", OLD_TIME, "4285 6"), known="sniffed")
    through = tunnelled(IP6_IN_IP, REGIONAL, IP6.cn)
    return [
        _update("update-point-unsigned", bare, None, "4285 5"),
        _update("update-point-guessed", guessed, FAILED, RFC),
        replace(replayed, name="update-point-at-once", parts=(passing,), when="handover", times=MOST),
        replace(replayed, parts=(heard,), when="second link"),
        speech("tunnel-point", f"{IP6.kept}>{IP6.cn}", POINT, SIX, "ICMP", "6275 10.4.5", through, PROTOCOL),
    ]


def _update(name: str, data: bytes, answer: int | None, rfc: str) -> Tried:
    return Tried(
        name, POINT, answer, rfc, known="the address", sender=SIX, parts=(of_home(data, REGIONAL),), protocol=PROTOCOL,
        agent=AGENT,
    )  # fmt: skip
