"""Where the anchor point is, as routers say it (RFC 5380 7.1): a mobile node that is not told, as message charts."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from agents.mip6.map_option import AnchorPoint, packed_advertisement, packed_solicitation
from agents.roles.kernel_orders import SetTunnel
from agents.roles.mobility.ip6.hierarchical_mobile import HierarchicalMobileSystem
from agents.roles.mobility.ip6.point_advertiser import PointAdvertiser
from agents.roles.mobility.ip6.point_discovery import PointDiscovery, system_of
from agents.roles.role import HearNeighbours, LinkChange, MobilityPacket, NeighbourPacket, Tell

from .bound_world import AGENT, CARE_OF, EPOCH_S, HOME, SECRET
from .hierarchical_world import IDENTIFIER, OF_POINT, POINT, REGIONAL
from .two_link_world import about_links

ROUTER, ALL_ROUTERS = "fe80::1", "ff02::2"
ABOUT: dict[str, Any] = {"address": POINT, "distance": 2, "preference": 15, "valid_s": 600}
SAID = AnchorPoint(**ABOUT)


def config(**point: object) -> dict[str, Any]:
    return {
        **about_links(CARE_OF, None), "protocol": "Hierarchical Mobile IPv6", "home_address": HOME,
        "home_agent": AGENT, "identifier": "mn@home.example", "spi": 256, "key": SECRET, "bindings": "one",
        "anchor_point": {**OF_POINT, **point}, "interface_identifier": IDENTIFIER, "clock_offset_s": EPOCH_S,
    }  # fmt: skip


def taken(role: PointDiscovery | PointAdvertiser) -> list[object]:
    found: list[object] = []
    while (one := role.next_command()) is not None:
        found.append(one)
    return found


def on_wifi(*, now: float = 0.0) -> PointDiscovery:
    """On its first link, whose router it has asked; nothing of that is left to be taken."""
    role = PointDiscovery(config(), Random(1))
    assert taken(role) == [HearNeighbours((134,))]
    role.start(now=now)
    up(role, "wifi", now)
    return role


def up(role: PointDiscovery, link: str, now: float, *, is_up: bool = True) -> None:
    addresses = frozenset([CARE_OF[link]] if is_up else [])
    role.link_changed(LinkChange(f"mn-{link}", is_up, addresses, is_up), now=now)


def say(role: PointDiscovery, *points: AnchorPoint, link: str = "wifi", now: float = 1.0, **other: Any) -> None:  # noqa: ANN401
    packet = NeighbourPacket(ROUTER, CARE_OF[link], packed_advertisement(*points), f"mn-{link}")
    role.receive_report({"report": "neighbour", "packet": packet._replace(**other)}, now=now)


def asking(link: str) -> NeighbourPacket:
    return NeighbourPacket(CARE_OF[link], ALL_ROUTERS, packed_solicitation(), f"mn-{link}")


def test_one_that_is_told_asks_nobody() -> None:
    assert isinstance(system_of(config(address=POINT), Random(1)), HierarchicalMobileSystem)
    assert isinstance(system_of(config(), Random(1)), PointDiscovery)


def test_what_the_router_says_is_where_the_regional_address_is_bound() -> None:
    role = on_wifi()
    assert taken(role) == [asking("wifi")]
    say(role, SAID)
    said = taken(role)
    assert said[0] == Tell("anchor_point", {"link": "wifi", **ABOUT, "allocates": False})
    assert SetTunnel("mip-wifi", CARE_OF["wifi"], POINT) in said
    (update,) = [one for one in said if isinstance(one, MobilityPacket)]
    assert (update.source, update.destination, update.source_home) == (CARE_OF["wifi"], POINT, REGIONAL)


def test_a_signal_before_that_counts_afterwards() -> None:
    role = on_wifi()
    role.receive_report({"report": "signal", "link": "wifi", "signal_dbm": -50.0}, now=0.1)
    role.receive_report({"report": "signal", "link": "wifi", "signal_dbm": -70.0}, now=0.2)
    up(role, "umts", 0.3)
    say(role, SAID)
    assert role._system is not None
    assert role._system._decision.verdict("wifi", now=1.0) is not None


def test_a_router_that_is_silent_is_asked_three_times() -> None:
    """RFC 4861 10: RTR_SOLICITATION_INTERVAL, MAX_RTR_SOLICITATIONS; and again when the link is back."""
    role = on_wifi()
    said = [(0.0, one) for one in taken(role)]
    while (at := role.get_timer()) is not None:
        role.handle_timer(now=at)
        said += [(at, one) for one in taken(role)]
    assert said == [
        (0.0, asking("wifi")), (4.0, asking("wifi")), (8.0, asking("wifi")),
        (12.0, Tell("no_anchor_point", {"link": "wifi", "reason": "no answer"})),
    ]  # fmt: skip
    up(role, "wifi", 20.0, is_up=False)
    up(role, "wifi", 21.0)
    assert taken(role) == [asking("wifi")]


@pytest.mark.parametrize(
    "points", [(), (SAID._replace(valid_s=0),), (SAID._replace(preference=0),), (SAID._replace(distance=0),)]
)
def test_an_anchor_point_that_may_not_be_asked_is_not(points: tuple[AnchorPoint, ...]) -> None:
    role = on_wifi()
    taken(role)
    say(role, *points)
    assert role._system is None
    assert [one.event for one in taken(role) if isinstance(one, Tell)] == (["anchor_point_not_here"] if points else [])


@pytest.mark.parametrize(
    "other",
    [
        {"hops": 64},
        {"source": "2001:db8:a42::2"},
        {"message": packed_advertisement(SAID)[:-4]},
    ],
)
def test_what_is_no_router_s_of_this_link_is_discarded(other: dict[str, Any]) -> None:
    """RFC 4861 6.1.2."""
    role = on_wifi()
    taken(role)
    say(role, SAID, **other)
    assert [one.event for one in taken(role) if isinstance(one, Tell)] == ["discarded"]
    assert role._system is None


def test_what_comes_by_another_interface_is_nobody_s() -> None:
    role = on_wifi()
    taken(role)
    say(role, SAID, interface="eth7")
    assert taken(role) == []


def test_the_same_one_on_the_other_link_is_nothing_new_and_another_one_is_told() -> None:
    role = on_wifi()
    say(role, SAID)
    up(role, "umts", 2.0)
    taken(role)
    say(role, SAID, link="umts", now=2.1)
    assert taken(role) == []
    say(role, SAID._replace(address="2001:db8:b00::1"), link="umts", now=2.2)
    (told,) = taken(role)
    assert isinstance(told, Tell)
    assert (told.event, told.facts["link"]) == ("anchor_point_not_here", "umts")


# -- the router -------------------------------------------------------------------------------------------------------


def advertiser() -> PointAdvertiser:
    role = PointAdvertiser({"interface": "wifi-gw-air", "link_local": ROUTER, "anchor_point": ABOUT}, Random(1))
    assert taken(role) == [HearNeighbours((133,))]
    return role


def solicit(role: PointAdvertiser, **other: Any) -> list[object]:  # noqa: ANN401
    packet = NeighbourPacket(CARE_OF["wifi"], ALL_ROUTERS, packed_solicitation(), "wifi-gw-air")
    role.receive_report({"report": "neighbour", "packet": packet._replace(**other)}, now=1.0)
    return taken(role)


def test_a_router_answers_who_asks() -> None:
    answer = packed_advertisement(SAID)
    assert solicit(advertiser()) == [NeighbourPacket(ROUTER, CARE_OF["wifi"], answer, "wifi-gw-air")]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"hops": 64}, "has come over a router"),
        ({"source": "::"}, "nobody to answer"),
        ({"message": b"\x85\0\0"}, "3 bytes, and type 133 has 8 at the least"),
    ],
)
def test_what_a_router_does_not_answer_is_counted(other: dict[str, Any], reason: str) -> None:
    """RFC 4861 6.1.1."""
    role = advertiser()
    (told,) = solicit(role, **other)
    assert isinstance(told, Tell)
    assert (told.event, told.facts["reason"]) == ("discarded", reason)
    assert role.discarded == {reason: 1}


def test_what_comes_from_the_other_side_is_not_answered() -> None:
    assert solicit(advertiser(), interface="wifi-gw-core") == []
