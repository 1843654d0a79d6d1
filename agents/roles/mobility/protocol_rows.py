"""The register of what keeps a mobile node's address below its phone: a row for each protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = "agents.roles.mobility"


class ProtocolRow(NamedTuple):
    """`system` is the role below the phone, `home` that of who takes its packets; `registers` makes what asks them to.

    `router`, where there is one, is that of each access link's router; it may be where `tunnels_end`, and not the node.
    `point` is that of the router where the ways from all of those meet; `advertiser` that of a link's router where it
    has to say what that one is.
    `interface` is the one that has the kept address at first, with `{link}` for the first link's name. `hides`: what
    goes through it cannot be read outside of it, so it has to be there from the start, to be captured. `has_clock`: the
    roles want to know what time of day the zero of their clock is. `comes_home`: a link may be the home network itself.
    """

    system: str
    home: str
    interface: str
    registers: str = ""
    hides: bool = False
    has_clock: bool = False
    router: str = ""
    point: str = ""
    advertiser: str = ""
    tunnels_end: bool = False
    comes_home: bool = False


PROTOCOLS = {
    "Mobile IPv4": ProtocolRow(
        f"{HERE}.ip4.coming_home:ReturningSystem",
        f"{HERE}.ip4.home_agent:HomeAgent",
        "mip-{link}",
        f"{HERE}.ip4.registering:registering_of",
        has_clock=True,
        comes_home=True,
    ),
    "Mobile IPv4 with foreign agents": ProtocolRow(
        f"{HERE}.ip4.foreign_mobile:ForeignMobileSystem",
        f"{HERE}.ip4.home_agent:HomeAgent",
        "mn-logical",
        f"{HERE}.ip4.registering:registering_of",
        has_clock=True,
        router=f"{HERE}.ip4.foreign_agent:ForeignAgent",
        tunnels_end=True,
    ),
    "Mobile IPv6": ProtocolRow(
        f"{HERE}.mobile:MobileSystem",
        f"{HERE}.ip6.ipv6_home_agent:Ipv6HomeAgent",
        "mip-{link}",
        f"{HERE}.ip6.route_optimising:registering_of",
        has_clock=True,
    ),
    "Fast Mobile IPv6": ProtocolRow(
        f"{HERE}.ip6.fast_mobile:FastMobileSystem",
        f"{HERE}.ip6.ipv6_home_agent:Ipv6HomeAgent",
        "mip-{link}",
        f"{HERE}.ip6.route_optimising:registering_of",
        has_clock=True,
        router=f"{HERE}.ip6.access_router:AccessRouter",
    ),
    "Hierarchical Mobile IPv6": ProtocolRow(
        f"{HERE}.ip6.point_discovery:system_of",
        f"{HERE}.ip6.ipv6_home_agent:Ipv6HomeAgent",
        "hmip-home",
        f"{HERE}.ip6.hierarchical_binding:registering_of",
        has_clock=True,
        point=f"{HERE}.ip6.mobility_anchor_point:MobilityAnchorPoint",
        advertiser=f"{HERE}.ip6.point_advertiser:PointAdvertiser",
    ),
    "Proxy Mobile IPv6": ProtocolRow(
        f"{HERE}.proxy.logical_interface:LogicalInterface",
        f"{HERE}.proxy.mobility_anchor:MobilityAnchor",
        "mn-logical",
        has_clock=True,
        router=f"{HERE}.proxy.access_gateway:AccessGateway",
        tunnels_end=True,
    ),
    "WireGuard": ProtocolRow(
        f"{HERE}.tunnels.roaming:RoamingSystem", f"{HERE}.tunnels.tunnel_home:TunnelHome", "mn-wg", hides=True
    ),
    "MOBIKE": ProtocolRow(f"{HERE}.tunnels.ike:MobikeSystem", f"{HERE}.tunnels.ike:DaemonsHome", "mn-ike"),
}
"""By the name that results and run folders have for it."""


def loaded(place: str) -> Callable[[dict[str, Any], Any], Any]:
    """What makes one of these of its configuration; only the one that is wanted gets loaded."""
    module, _, name = place.partition(":")
    found: Callable[[dict[str, Any], Any], Any] = getattr(import_module(module), name)
    return found
