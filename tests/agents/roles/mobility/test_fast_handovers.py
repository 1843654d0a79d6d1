"""Fast handovers (RFC 5568): who tells whom, what is held, and what becomes of a handover where somebody is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import (
    FROM_OLD_LINK,
    FastBindingAcknowledgement,
    FastBindingUpdate,
    HandoverAcknowledge,
    HandoverInitiate,
    InitiateFlag,
)
from agents.mip6.mobility_header import MessageEnds, packed, parsed
from agents.mip6.mobility_options import AddressOption, AlternateCareOf, FastAuthorization, HandoverAddress
from agents.mip6.proxy_advertisements import ArrivalAtRouter, ProxyAdvertisement
from agents.roles.kernel_orders import Deliver, Detour, DropTunnel, HoldBack, LetGo, SendBy, SetTunnel
from agents.roles.role import MobilityPacket, NeighbourPacket

from .bound_world import CARE_OF, HOME
from .fast_world import LINK_LOCAL, OF_LINK, OF_ROUTERS, ROUTER, FastWorld

if TYPE_CHECKING:
    from agents.roles.role import Command

OLD, NEW = CARE_OF["wifi"], CARE_OF["umts"]
STRANGER = "2001:db8:a42::2"
KEY, KEY_OF_ROUTERS = FastKey.of(OF_LINK), FastKey.of(OF_ROUTERS)
PREDICTIVE = [
    "FBU 10 wifi", "HI 0 U wire", "HAck 0 wire", "FBack 0 wifi", "FBack 0 umts", "UNA umts", "BU 300 H umts",
    "BA 0 umts",
]  # fmt: skip


def settled(**routers: dict[str, Any]) -> FastWorld:
    """Registered at home, and told who is next."""
    world = FastWorld(**routers)
    world.run(1.0)
    return world


def of_kind(world: FastWorld, who: str, *kinds: type) -> list[Command]:
    return [one for one in world.orders(who) if isinstance(one, kinds)]


def update(key: FastKey, sequence: int, *, source: str = OLD, home: str = OLD, care_of: str = NEW,
           lifetime_s: int = 10, flags: int = 0xC000) -> MobilityPacket:  # fmt: skip
    message = FastBindingUpdate(sequence, flags, lifetime_s, (AlternateCareOf(care_of), FastAuthorization(key.spi)))
    data = key.packed(message, MessageEnds(home, ROUTER["wifi"]), care_of, ROUTER["wifi"])
    return MobilityPacket(source, ROUTER["wifi"], data, source_home=home)


# -- as the figures have it --------------------------------------------------------------------------------------------


def test_figure_2_the_old_router_is_asked_by_the_old_link() -> None:
    world = settled()
    assert world.chart() == ["BU 300 H wifi", "BA 0 wifi", "RtSolPr wifi", "PrRtAdv 1 wifi"]
    world.signal()
    world.run(2.0)
    assert world.chart(1.0)[:8] == PREDICTIVE
    assert world.chart(1.0)[8:] == ["RtSolPr umts", "PrRtAdv 1 umts"]
    (done,) = world.told("redirected", "mn")
    assert (done["link"], done["to"], done["lifetime_s"]) == ("wifi", "umts", 10)
    assert world.told("redirecting")[0]["mode"] == "predictive"


def test_what_the_kernels_do_of_it_is_in_order() -> None:
    """The tunnel is there before the answer; the answer to the old address goes past it."""
    world = settled()
    world.signal()
    world.run(2.0)
    assert of_kind(world, "wifi", SetTunnel, Deliver) == [
        SetTunnel("mip0", ROUTER["wifi"], NEW), Deliver(OLD, ("mip0",)),
    ]  # fmt: skip
    answers = [one for one in world.packets if one.source == ROUTER["wifi"] and one.destination in CARE_OF.values()]
    assert [(one.destination, one.interface) for one in answers] == [(OLD, "wifi-air"), (NEW, "")]
    assert of_kind(world, "umts", HoldBack, LetGo) == [
        LetGo("umts-air", delivers=False), HoldBack("umts-air", ROUTER["wifi"], NEW, 32768),
        LetGo("umts-air", delivers=True),
    ]  # fmt: skip
    assert of_kind(world, "mn", SetTunnel)[2] == SetTunnel("fmip-umts", NEW, ROUTER["wifi"])
    assert of_kind(world, "mn", SendBy)[-1] == SendBy(HOME, "mip-umts")
    assert not of_kind(world, "mn", Detour)
    assert (
        world.told("buffer_delivered")[0] | {"packets": 6, "bytes": 1884, "overflowed": 0, "care_of": NEW}
        == (world.told("buffer_delivered")[0])
    )


def test_figure_3_without_a_warning_the_old_router_is_asked_by_the_new_link() -> None:
    world = settled()
    world.link("wifi", is_up=False)
    world.run(2.0)
    chart = world.chart(1.0)
    assert chart[:3] == ["UNA umts", "FBU 10 umts", "BU 300 H umts"]
    assert sorted(chart[3:7]) == ["BA 0 umts", "FBack 0 umts", "HAck 0 wire", "HI 1 wire"]
    assert world.told("redirecting")[0]["mode"] == "reactive"
    assert not of_kind(world, "umts", HoldBack)


def test_a_link_that_goes_between_the_answers_leaves_its_address_a_tunnel() -> None:
    """3.1: what is sent from the old address goes by the router that was left, until the home agent has answered."""
    world = settled()
    world.signal()
    world.run(1.05)
    world.link("wifi", is_up=False)
    assert of_kind(world, "mn", Detour) == [Detour(OLD, "fmip-umts")]
    world.run(2.0)
    world.link("wifi", is_up=True)  # it has its link again
    assert of_kind(world, "mn", DropTunnel) == [DropTunnel("fmip-umts")]


def test_what_is_sent_on_is_sent_on_for_as_long_as_was_granted() -> None:
    world = settled()
    world.signal()
    world.run(12.0)
    assert world.told("binding_expired", "wifi") == [{"home": OLD, "care_of": NEW}]
    assert of_kind(world, "wifi", Deliver)[-1] == Deliver(OLD, ())


def test_who_comes_back_has_nothing_sent_on_any_more() -> None:
    """5.6: the router that it left, and comes to, ends it when it hears of it; the node says so too."""
    world = settled()
    world.signal()
    world.run(3.0)
    world.signal(-50.0, "wifi")
    world.signal(-90.0, "umts")
    world.run(5.0)
    assert world.told("redirection_ended", "wifi") == [{"old": OLD}]
    assert "FBU 0 wifi" in world.chart(3.0)
    assert of_kind(world, "mn", DropTunnel) == [DropTunnel("fmip-umts")]
    assert world.told("discarded") == []


# -- silent, lost, refusing --------------------------------------------------------------------------------------------


def test_a_router_that_knows_nothing_of_it_is_asked_four_times_and_left_as_by_mipv6() -> None:
    """9: RTSOLPR_RETRIES; no more than three within a second."""
    world = FastWorld()
    world.silent.add("wifi")
    world.run(20.0)
    asked = [at for at, label, _ in world.sent if label == "RtSolPr"]
    assert [round(at - asked[0], 3) for at in asked] == [0.0, 0.5, 1.5, 3.5]
    world.signal()
    world.run(22.0)
    assert world.chart(20.0)[:2] == ["BU 300 H umts", "BA 0 umts"]


def test_a_router_that_falls_silent_costs_a_second_and_a_half() -> None:
    """9: FBU_RETRIES, doubled from 100 ms (6.2.1.1): then it is a handover of Mobile IPv6."""
    world = settled()
    world.silent.add("wifi")
    world.signal()
    world.run(4.0)
    asked = [round(at - 1.0, 3) for at, label, _ in world.sent if label == "FBU 10"]
    assert asked == [0.0, 0.1, 0.3, 0.7]
    assert world.told("redirection_failed") == [{"link": "wifi", "to": "umts", "reason": "no answer"}]
    assert [round(at, 3) for at, label, _ in world.sent if label == "BU 300 H"][1:] == [2.5]
    assert world.told("handover_done") == [{"link": "umts"}]


def test_who_is_asked_in_vain_while_its_link_goes_is_asked_by_the_new_one() -> None:
    world = settled()
    world.silent.add("wifi")
    world.signal()
    world.run(1.2)
    world.silent.clear()
    world.link("wifi", is_up=False)
    world.run(2.0)
    assert world.chart(1.2)[:3] == ["UNA umts", "FBU 10 umts", "BU 300 H umts"]
    assert "FBack 0 umts" in world.chart(1.2)
    assert [one["mode"] for one in world.told("redirecting")] == ["predictive", "reactive"]


def test_an_answer_that_is_lost_is_given_again() -> None:
    world = settled()
    world.lost.add("FBack 0")
    world.signal()
    world.run(2.0)
    chart = world.chart(1.0)
    assert chart.count("FBU 10 wifi") == 2
    assert chart.count("HI 0 U wire") == 1
    assert world.told("handover_done") == [{"link": "umts"}]


@pytest.mark.parametrize("lost", ["HI 0 U", "HAck 0"])
def test_what_is_lost_between_routers_is_said_again(lost: str) -> None:
    """6.2.1.1: after 100 ms; the one who has it already holds on."""
    world = settled()
    world.lost.add(lost)
    world.signal()
    world.run(2.0)
    assert world.chart(1.0).count("HI 0 U wire") == 2
    assert len(of_kind(world, "umts", HoldBack)) == 1
    assert world.told("handover_done") == [{"link": "umts"}]


def test_a_new_router_that_says_nothing_is_done_without() -> None:
    """9: HI_RETRIES; the node has given up by then, as its own tries are as many."""
    world = settled()
    world.silent.add("umts")
    world.signal()
    world.run(4.0)
    assert world.chart(1.0).count("HI 0 U wire") == 4
    assert world.told("redirection_refused")[0]["reason"] == "no answer by the other router"
    assert not of_kind(world, "wifi", SetTunnel)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_a_new_router_that_refuses_is_believed_at_once() -> None:
    """6.2.1.2, 6.2.3: its code is the node's answer, and then it is a handover of Mobile IPv6."""
    world = settled(umts={"prefix": "2001:db8:bad::/64"})  # it takes nobody with such an address
    world.signal()
    world.run(2.0)
    assert world.chart(1.0)[:5] == ["FBU 10 wifi", "HI 0 U wire", "HAck 128 wire", "FBack 128 wifi", "FBack 128 umts"]
    assert world.chart(1.0)[5:7] == ["BU 300 H umts", "BA 0 umts"]
    assert world.told("redirection_failed")[0]["reason"] == "refused with 128"


def test_a_new_router_that_begins_anew_holds_nothing_back() -> None:
    """What another one before it held would have nobody to let it go."""
    world = settled()
    world.signal()
    world.run(1.05)
    assert world.holding == {"umts"}
    world.restart("umts")
    assert world.holding == set()
    world.run(2.0)
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.told("buffer_delivered") == []


def test_an_old_router_that_begins_anew_is_asked_anew() -> None:
    world = settled()
    world.signal()
    world.run(1.001)
    world.restart("wifi")
    world.run(2.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_who_does_not_come_is_waited_for_so_long_and_what_was_held_is_counted() -> None:
    """9: PROXY_ND_LIFETIME, 1.5 s."""
    world = settled()
    world.lost.add("UNA")
    world.held = {"packets": 75, "bytes": 23550, "overflowed": 3}
    world.signal()
    world.run(4.0)
    (dropped,) = [at for at, who, one in world.commands if who == "umts" and one == LetGo("umts-air", delivers=False)
                  and at > 1.0]  # fmt: skip
    assert dropped == pytest.approx(2.502, abs=0.001)
    assert world.told("buffer_dropped") == [{"care_of": NEW, "packets": 75, "bytes": 23550, "overflowed": 3}]


def test_a_buffer_that_was_full_says_so() -> None:
    world = settled(umts={"buffer_bytes": 1000})
    world.held = {"packets": 3, "bytes": 942, "overflowed": 3}
    world.signal()
    world.run(2.0)
    assert of_kind(world, "umts", HoldBack) == [HoldBack("umts-air", ROUTER["wifi"], NEW, 1000)]
    assert world.told("buffer_delivered") == [{"care_of": NEW, "packets": 3, "bytes": 942, "overflowed": 3}]


def test_an_address_that_no_router_has_is_refused() -> None:
    world = settled()
    world.hand("wifi", update(KEY, 1, care_of=STRANGER))
    assert world.chart(1.0) == ["FBack 128 wifi", "FBack 128 wire"]
    assert world.told("redirection_refused")[0]["reason"] == "no router has such an address"


def test_there_is_room_for_one_node_at_a_time() -> None:
    """6.2.1.2: insufficient resources."""
    world = settled()
    world.signal()
    world.run(1.05)
    other = (AddressOption(HandoverAddress.NEW_CARE_OF, "2001:db8:a02::99"), FastAuthorization(768))
    message = HandoverInitiate(1, InitiateFlag.BUFFER, FROM_OLD_LINK, other)
    ends = MessageEnds(ROUTER["wifi"], ROUTER["umts"])
    world.hand("umts", MobilityPacket(*ends, KEY_OF_ROUTERS.packed(message, ends, *ends)))
    assert world.chart(1.05) == ["HAck 130 wire"]


# -- strangers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (update(FastKey(512, bytes(16)), 1), "the wrong key"),
        (update(FastKey(1, KEY.secret), 1), "the wrong key"),
        (update(KEY, 1, source=STRANGER, home=STRANGER), "no association"),
        (update(KEY, 1, flags=0x8000), "no A, or no H"),
    ],
)
def test_an_update_that_is_not_the_node_s_redirects_nothing(packet: MobilityPacket, why: str) -> None:
    world = settled()
    world.hand("wifi", packet)
    assert world.chart(1.0) == []
    assert world.routers["wifi"].discarded == {why: 1}
    assert not of_kind(world, "wifi", SetTunnel)


def test_an_update_for_another_address_than_was_signed_counts_for_nothing() -> None:
    """6.4.5: the new care-of address is under the signature."""
    world = settled()
    options = (AlternateCareOf("2001:db8:a02::99"), FastAuthorization(KEY.spi))
    signed = update(KEY, 1).message[-12:]
    ends = MessageEnds(OLD, ROUTER["wifi"])
    data = packed(FastBindingUpdate(1, 0xC000, 10, options), ends, lambda _: signed)
    world.hand("wifi", MobilityPacket(*ends, data, source_home=OLD))
    assert world.routers["wifi"].discarded == {"the wrong key": 1}
    assert not of_kind(world, "wifi", SetTunnel)


def test_an_update_that_was_there_before_counts_for_nothing() -> None:
    world = settled()
    world.signal()
    world.run(12.0)
    sent = next(one for one in world.packets if one.destination == ROUTER["wifi"] and one.source == OLD)
    world.hand("wifi", sent)
    assert world.routers["wifi"].discarded == {"an update that was there before": 1}


def test_what_is_said_in_a_router_s_name_counts_for_nothing() -> None:
    world = settled()
    world.signal()
    world.run(1.05)
    initiate = next(one for one in world.packets if one.destination == ROUTER["umts"])
    world.hand("umts", initiate._replace(source=STRANGER))
    world.hand("umts", initiate._replace(message=initiate.message[:-1] + b"\0"))
    assert sum(world.routers["umts"].discarded.values()) == 2
    forged = HandoverAcknowledge(1, 0, (FastAuthorization(768),))
    ends = MessageEnds(ROUTER["umts"], ROUTER["wifi"])
    world.hand("wifi", MobilityPacket(*ends, KEY_OF_ROUTERS.packed(forged, ends, *ends)))
    assert world.routers["wifi"].discarded == {"answers nothing that is being asked": 1}
    assert len(of_kind(world, "umts", HoldBack)) == 1


def test_an_answer_by_somebody_else_is_not_believed() -> None:
    world = settled()
    world.silent.add("wifi")
    world.signal()
    sent = next(one for one in world.packets if one.destination == ROUTER["wifi"])
    number = parsed(sent.message, None).message.sequence  # type: ignore[union-attr]
    answer = FastBindingAcknowledgement(0, number, 10, (FastAuthorization(512),))
    ends = MessageEnds(ROUTER["wifi"], OLD)
    data = FastKey(512, bytes(16)).packed(answer, ends, NEW, ROUTER["wifi"])
    world.hand("mn", MobilityPacket(*ends, data))
    assert world.told("discarded", "mn")[0]["reason"] == "not signed by the router that was asked"
    assert world.told("redirected", "mn") == []


def test_what_nobody_asked_for_of_neighbours_is_not_believed() -> None:
    world = settled()
    forged = ProxyAdvertisement(1, bytes(6), ()).packed()
    world.hand_neighbour("mn", NeighbourPacket(LINK_LOCAL["wifi"], OLD, forged, "mn-wifi"))
    assert world.told("discarded", "mn")[0]["reason"] == "answers nothing that is being asked"


def test_somebody_else_s_arrival_delivers_nothing() -> None:
    """6.3: the address is both the source and the target."""
    world = settled()
    world.signal()
    world.run(1.05)
    for source, target in ((STRANGER, NEW), (NEW, STRANGER)):
        packet = NeighbourPacket(source, ROUTER["umts"], ArrivalAtRouter(target, bytes(6)).packed(), "umts-air")
        world.hand_neighbour("umts", packet)
    assert world.holding == {"umts"}


def test_what_has_come_over_a_router_is_no_neighbours() -> None:
    """6.1, 6.3: with 255 hops alone it is of this link."""
    world = settled()
    world.signal()
    world.run(1.05)
    arrival = ArrivalAtRouter(NEW, bytes(6)).packed()
    world.hand_neighbour("umts", NeighbourPacket(NEW, ROUTER["umts"], arrival, "umts-air", 254))
    assert (world.holding, sum(world.routers["umts"].discarded.values())) == ({"umts"}, 1)
    forged = ProxyAdvertisement(1, bytes(6), ()).packed()
    world.hand_neighbour("mn", NeighbourPacket(LINK_LOCAL["wifi"], OLD, forged, "mn-wifi", 254))
    assert [one["reason"] for one in world.told("discarded")] == ["has come over a router"] * 2


@pytest.mark.parametrize("data", [b"", bytes(16), bytes((59, 0, 14, 0, 0, 0, 0, 0))])
def test_what_is_no_message_is_counted(data: bytes) -> None:
    world = settled()
    world.hand("wifi", MobilityPacket(STRANGER, ROUTER["wifi"], data))
    world.hand_neighbour("wifi", NeighbourPacket(STRANGER, ROUTER["wifi"], b"\x9a", "wifi-air"))
    assert sum(world.routers["wifi"].discarded.values()) == 2
