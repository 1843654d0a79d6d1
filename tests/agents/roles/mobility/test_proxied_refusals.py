"""Proxy Mobile IPv6 (RFC 5213): what gateways and anchor refuse, ignore and count, and what stays as it was then."""

from __future__ import annotations

from typing import Any

import pytest

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import BindingAcknowledgement, BindingUpdate, MessageEnds, UpdateFlag, packed, parsed
from agents.mip6.mobility_options import NodeIdentifier
from agents.mip6.neighbour_messages import NeighbourAdvertisement
from agents.mip6.proxy_options import AccessTechnologyType, HandoffIndicator, HomeNetworkPrefix, Timestamp
from agents.roles.mobility.proxy.proxy_clock import NO_HOME
from agents.roles.mobility.proxy.proxy_updates import Attachment
from agents.roles.role import MobilityPacket, NeighbourPacket

from .proxied_world import (
    ANCHOR,
    BEGUN,
    EPOCH_S,
    GATEWAYS,
    HOME,
    IDENTIFIER,
    KEYS,
    P_AND_A,
    STATIONS,
    ProxiedWorld,
    answered,
    begun,
    moved,
    update,
)

STRANGER = "2001:db8:a42::2"


# -- clocks: 5.5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off_s", [-0.4, 0.4])
def test_a_gateway_whose_clock_is_wrong_is_refused_and_asks_again_later(off_s: float) -> None:
    """6.9.1.2 9: it does not set its clock by the anchor's; the node says again and again that it is there."""
    world = ProxiedWorld(gateways={"wifi": {"clock_offset_s": EPOCH_S + off_s}})
    world.run(6.0)
    assert [label for label in world.labels() if label.startswith("PB")] == ["PBU 300 2 wifi", "PBA 156 wifi"] * 2
    assert (world.served, world.told("registration_refused", "home")[0]["code"]) == (set(), 156)


def test_clocks_that_differ_a_little_are_right() -> None:
    assert begun(gateways={"wifi": {"clock_offset_s": EPOCH_S + 0.29}}).served == {"wifi"}


def test_a_replayed_update_is_refused() -> None:
    world = moved(begun())
    first = world.packets[0]
    assert answered(world, first) == 157
    assert world.delivers_to == "umts"


def test_a_gateway_that_lags_behind_another_one_asks_once_more() -> None:
    """6.9.1.2 8: its time is lower than one that was accepted, and the next one may not be."""
    world = begun(gateways={"wifi": {"clock_offset_s": EPOCH_S + 0.25}, "umts": {"clock_offset_s": EPOCH_S - 0.25}})
    world.now = 1.0
    world.hand("home", update(world, stamp_s=0.29))
    moved(world, 3.0)
    assert world.delivers_to == "umts"


# -- who may -----------------------------------------------------------------------------------------------------------


def test_who_is_no_gateway_is_refused_and_counted() -> None:
    """5.3.1 6: MAG_NOT_AUTHORIZED_FOR_PROXY_REG; the answer can't be signed, for there is no key."""
    world = begun()
    assert answered(world, update(world, STRANGER, prefix=f"{HOME}/128")) == 154
    refused = world.told("registration_refused", "home")
    assert refused == [{"node": IDENTIFIER, "code": 154, "reason": "GATEWAY_NOT_AUTHORIZED", "remote": STRANGER}]
    assert world.delivers_to == "wifi"


def test_a_gateway_that_is_not_the_node_s_is_refused() -> None:
    """With a key of its own, but not one of those by which the node may come."""
    homes = {HOME: {"identifier": IDENTIFIER, "gateways": [GATEWAYS["wifi"]]}}
    world = moved(begun(anchor={"homes": homes}), 2.0)
    assert [one["code"] for one in world.told("registration_refused", "umts-gw")] == [154]
    assert world.delivers_to == "wifi"


def test_a_gateway_s_address_without_its_key_is_not_believed() -> None:
    world = begun()
    assert answered(world, update(world, GATEWAYS["umts"], key={**KEYS["umts"], "key": "03" * 16})) == 146
    assert world.delivers_to == "wifi"


def test_a_wrong_key_at_a_gateway_registers_nobody() -> None:
    world = ProxiedWorld(gateways={"wifi": {"key": "09" * 16}})
    world.run(5.0)
    assert world.served == set()
    assert world.gateways["wifi"].discarded["not signed by the anchor"] > 0  # its answers can't be checked either


def test_what_is_not_signed_is_not_answered() -> None:
    world = begun()
    bare = BindingUpdate(9, P_AND_A, 75, (NodeIdentifier(IDENTIFIER),))
    data = packed(bare, MessageEnds(GATEWAYS["wifi"], ANCHOR))
    assert answered(world, MobilityPacket(GATEWAYS["wifi"], ANCHOR, data)) is None
    assert answered(world, update(world, flags=UpdateFlag.ACKNOWLEDGE)) is None
    assert answered(world, MobilityPacket(GATEWAYS["wifi"], ANCHOR, data[:9])) is None
    assert sum(world.anchor.discarded.values()) == 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"node": "somebody@else.example"}, 153),
        ({"prefix": "2001:db8:a0a::fd/128"}, 155),
        ({"without": NodeIdentifier}, 160),
        ({"without": HomeNetworkPrefix}, 158),
        ({"without": HandoffIndicator}, 161),
        ({"without": AccessTechnologyType}, 162),
        ({"without": Timestamp}, 145),
        ({"stamp_s": 0.5}, 156),
        ({"handoff": 1, "station": "02:00:00:00:00:09"}, 130),  # another session, for which there is no prefix
        ({"handoff": 1, "station": "02:00:00:00:00:09", "prefix": f"{HOME}/128", "technology": 5}, 155),
    ],
)
def test_an_update_that_can_t_be_is_refused_and_the_session_stays(change: dict[str, Any], status: int) -> None:
    """5.3.1, 5.3.2, 5.5: by the status of 8.9 that says why."""
    world = begun()
    world.now = 2.0
    assert answered(world, update(world, **change)) == status
    assert world.delivers_to == "wifi"


def test_a_gateway_can_t_let_go_a_node_that_is_at_another_one() -> None:
    """5.3.5 1."""
    world = moved(begun())
    assert answered(world, update(world, units=0, prefix=f"{HOME}/128", handoff=4)) is None
    assert world.delivers_to == "umts"


# -- on the link -------------------------------------------------------------------------------------------------------


def test_somebody_else_on_the_link_with_the_node_s_address_is_not_served() -> None:
    """6.5, 6.6: the gateway knows its node by its link-layer address, as far as nobody else can have that."""
    world = begun()
    said = NeighbourAdvertisement(HOME, bytes.fromhex("020000000066"))
    world.hand("umts-gw", NeighbourPacket("fe80::66", said.destination, said.packed(), "umts-gw-air", said.hops))
    assert world.gateways["umts"].discarded == {"another's address": 1}
    assert world.labels() == BEGUN


def test_what_is_not_of_the_link_or_not_of_the_node_is_left_alone() -> None:
    world = begun()
    own = bytes.fromhex(STATIONS["umts"].replace(":", ""))
    far = NeighbourAdvertisement(HOME, own)
    world.hand("umts-gw", NeighbourPacket("2001:db8::1", far.destination, far.packed(), "umts-gw-air", 64))
    world.hand("umts-gw", NeighbourPacket("fe80::1", far.destination, far.packed(), "umts-gw-core", 255))
    other = NeighbourAdvertisement("2001:db8:a02::2", own)
    world.hand("umts-gw", NeighbourPacket("fe80::1", other.destination, other.packed(), "umts-gw-air", 255))
    assert sum(world.gateways["umts"].discarded.values()) == 1
    assert world.labels() == BEGUN


def test_answers_that_nobody_asked_for_change_nothing() -> None:
    world = begun()
    old = next(one for one in world.packets if one.source == ANCHOR)
    world.hand("wifi-gw", old)
    world.hand("wifi-gw", old._replace(source=STRANGER))
    world.hand("wifi-gw", old._replace(message=b"?"))
    assert sum(world.gateways["wifi"].discarded.values()) == 3
    assert world.gateways["wifi"].state == Attachment.SERVED


def test_an_answer_that_says_something_else_of_the_node_is_ignored() -> None:
    """6.9.1.2 6."""
    world = ProxiedWorld()
    world.is_silent = True
    world.run(0.5)
    asked = parsed(world.packets[-1].message, None).message
    assert isinstance(asked, BindingUpdate)
    key = HomeKey(KEYS["wifi"]["spi"], bytes.fromhex(KEYS["wifi"]["key"]))
    for handoff, is_served in ((3, False), (2, True)):
        options = tuple(
            HandoffIndicator(handoff) if isinstance(one, HandoffIndicator) else one for one in asked.options
        )
        options = tuple(
            HomeNetworkPrefix(f"{HOME}/128") if isinstance(one, HomeNetworkPrefix) else one for one in options
        )
        answer = BindingAcknowledgement(0, 0x20, asked.sequence, 75, options)
        data = packed(
            answer, MessageEnds(ANCHOR, GATEWAYS["wifi"]),
            lambda covered: key.authenticator(GATEWAYS["wifi"], NO_HOME, covered),
        )  # fmt: skip
        world.hand("wifi-gw", MobilityPacket(ANCHOR, GATEWAYS["wifi"], data))
        assert (world.served == {"wifi"}) is is_served
