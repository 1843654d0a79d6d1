"""Handovers by registration: message charts of RFC 5944 3, with what each end has its kernel do."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.mip.mip_messages import ReplyCode
from agents.roles.kernel_orders import (
    CopyOnto,
    Deliver,
    DropTunnel,
    Intercept,
    OnlyFrom,
    OwnAddress,
    SendBy,
    SetTunnel,
)
from agents.roles.mobility.mobile import AddressMove

from .moving_world import AGENT, CARE_OF, EPOCH_S, HOME, MovingWorld


def at_rest(**options: object) -> MovingWorld:
    world = MovingWorld(**options)  # type: ignore[arg-type]
    world.run(1.0)
    return world


def test_the_first_link_s_address_is_registered_before_anything_else() -> None:
    world = at_rest()
    assert world.labels() == ["RRQ 300 wifi", "RRP 0 wifi"]
    assert world.orders("mn") == [
        SetTunnel("mip-wifi", CARE_OF["wifi"], AGENT),
        SetTunnel("mip-umts", CARE_OF["umts"], AGENT),
        OwnAddress(HOME, "mip-wifi"),
        SendBy(HOME, "mip-wifi"),
    ]
    assert world.orders("home") == [
        SetTunnel("mip0", AGENT, CARE_OF["wifi"]),
        OnlyFrom("mip0", HOME),
        Intercept(HOME, "home-eth0"),
        Deliver(HOME, ("mip0",)),
    ]


def test_a_handover_is_one_registration_and_what_is_sent_follows_its_reply() -> None:
    world = at_rest()
    world.signal()
    world.run(2.0)
    assert world.labels()[2:] == ["RRQ 300 umts", "RRP 0 umts"]
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "signal", "signal_dbm": -70.0}]
    assert world.told("handover_done") == [{"link": "umts"}]
    (done_at,) = (at for at, _, one in world.commands if one == SendBy(HOME, "mip-umts"))
    assert done_at == pytest.approx(1.0 + 2 * 0.110)
    assert world.orders("home")[4:] == [
        SetTunnel("mip1", AGENT, CARE_OF["umts"]),
        OnlyFrom("mip1", HOME),
        Deliver(HOME, ("mip1",)),  # the new tunnel first: no packet is without a way
        DropTunnel("mip0"),
    ]


def test_with_simultaneous_bindings_packets_go_over_both_for_a_second() -> None:
    world = at_rest(bindings="two-moving")
    world.signal()
    world.run(5.0)
    assert world.labels()[2:] == ["RRQ 300 S umts", "RRP 0 umts", "RRQ 0 S umts", "RRP 0 umts"]
    assert world.orders("mn")[4:] == [
        CopyOnto("mip-wifi", ("mip-umts",)),
        SendBy(HOME, "mip-umts"),
        CopyOnto("mip-wifi", ()),
    ]
    assert world.orders("home")[6:] == [
        Deliver(HOME, ("mip0", "mip1")), Deliver(HOME, ("mip1",)), DropTunnel("mip0"),
    ]  # fmt: skip
    asked = [at for at, label, _ in world.sent if label.startswith("RRQ")]
    assert asked[2] - asked[1] == pytest.approx(2 * 0.110 + 1.0)


def test_with_all_addresses_bound_every_packet_goes_over_both_links_from_the_beginning() -> None:
    world = at_rest(bindings="all")
    assert world.labels() == ["RRQ 300 S wifi", "RRP 0 wifi", "RRQ 300 S umts", "RRP 0 umts"]
    assert world.orders("mn")[-3:] == [
        SendBy(HOME, "mip-wifi"), CopyOnto("mip-umts", ()), CopyOnto("mip-wifi", ("mip-umts",)),
    ]  # fmt: skip
    assert world.orders("home")[-1] == Deliver(HOME, ("mip0", "mip1"))


def test_with_all_addresses_bound_a_handover_takes_no_message() -> None:
    world = at_rest(bindings="all")
    world.link("wifi", is_up=False)
    world.run(3.0)
    assert len(world.sent) == 4
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.orders("mn")[-3:] == [
        SendBy(HOME, "mip-umts"), CopyOnto("mip-wifi", ()), CopyOnto("mip-umts", ("mip-wifi",)),
    ]  # fmt: skip
    world.link("wifi", is_up=True)  # it may have lost its binding meanwhile
    world.run(5.0)
    assert world.labels()[4:] == ["RRQ 300 S wifi", "RRP 0 wifi"]


def test_all_addresses_that_are_bound_are_renewed() -> None:
    world = at_rest(bindings="all")
    world.run(1000.0)
    assert world.told("binding_expired") == []
    assert [link for at, label, link in world.sent if label.startswith("RRQ") and at > 2][:4] == ["wifi", "umts"] * 2


def test_a_link_that_goes_while_its_address_is_asked_for_keeps_nothing_waiting() -> None:
    world = MovingWorld(bindings="all")  # the WiFi's is being asked for, and UMTS's waits
    world.link("wifi", is_up=False)
    world.run(1.0)
    assert world.labels() == ["RRQ 300 S wifi", "RRQ 300 S umts", "RRP 0 umts"]
    assert SendBy(HOME, "mip-umts") in world.orders("mn")
    world.link("wifi", is_up=True)
    world.run(2.0)
    assert world.labels()[3:] == ["RRQ 300 S wifi", "RRP 0 wifi"]
    assert world.orders("home")[-1] == Deliver(HOME, ("mip0", "mip1"))


def test_a_first_registration_that_is_refused_is_tried_again() -> None:
    world = MovingWorld()
    judge = world.agent._judge
    world.agent._judge = lambda request, **_: (ReplyCode.NO_RESOURCES, request.identification)  # type: ignore[method-assign]
    world.run(1.0)
    world.agent._judge = judge  # type: ignore[method-assign]
    world.run(6.0)
    assert world.labels() == ["RRQ 300 wifi", "RRP 130 wifi", "RRQ 300 wifi", "RRP 0 wifi"]


def test_an_agent_without_simultaneous_bindings_says_so_and_it_is_a_plain_handover() -> None:
    world = at_rest(bindings="two-moving", room=1)
    world.signal()
    world.run(5.0)
    assert world.labels()[2:] == ["RRQ 300 S umts", "RRP 1 umts"]
    assert world.orders("mn")[4:] == [SendBy(HOME, "mip-umts")]
    assert world.orders("home")[-2:] == [Deliver(HOME, ("mip1",)), DropTunnel("mip0")]


def test_a_link_that_is_gone_is_left_without_copies() -> None:
    world = at_rest(bindings="two-moving")
    world.link("wifi", is_up=False)
    world.run(3.0)
    assert world.labels()[2:] == ["RRQ 300 umts", "RRP 0 umts"]
    assert world.told("handover_done") == [{"link": "umts"}]


def test_there_and_back_again() -> None:
    world = at_rest()
    for dbm in (-70.0, -50.0, -70.0):
        world.signal(dbm)
        world.run(world.now + 2.0)
    assert [one["to"] for one in world.told("trigger")] == ["umts", "wifi", "umts"]
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts"]
    tunnels = [one.name for one in world.orders("home") if isinstance(one, SetTunnel)]
    gone = [one.name for one in world.orders("home") if isinstance(one, DropTunnel)]
    assert len(set(tunnels) - set(gone)) == 1


def test_a_request_or_a_reply_that_is_lost_is_asked_again_after_a_second() -> None:
    """3.6.3: with a new identification, and never sooner."""
    for lost in ("RRQ 300", "RRP 0"):
        world = at_rest()
        world.lost = {lost}
        world.signal()
        world.run(4.0)
        asked = [at for at, label, link in world.sent if label == "RRQ 300" and link == "umts"]
        assert [at - asked[0] for at in asked] == [0.0, 1.0]
        assert world.told("handover_done") == [{"link": "umts"}]
        first, second = world.datagrams[2].data[16:24], world.datagrams[-2].data[16:24]
        assert first < second


def test_a_silent_agent_is_asked_less_and_less_often() -> None:
    world = at_rest()
    world.agent.receive_datagram = lambda *_, **__: None  # type: ignore[method-assign]
    world.signal()
    world.run(130.0)
    asked = [at for at, label, link in world.sent if label == "RRQ 300" and link == "umts"]
    assert [round(b - a) for a, b in pairwise(asked)] == [1, 2, 4, 8, 16, 32, 32, 32]
    assert world.told("handover_done") == []


def test_with_another_key_nothing_is_bound_and_nothing_answered_is_believed() -> None:
    world = at_rest(key="ff" * 16)
    assert [one["code"] for one in world.told("registration_refused", "home")][:1] == [131]
    assert world.told("registered") == []
    assert world.told("discarded", "mn")[0]["reason"] == "not signed by the home agent"
    assert world.orders("home") == []


@pytest.mark.parametrize("wrong_s", [-3600.0, 3600.0])
def test_a_clock_that_is_wrong_is_set_by_the_refusal(wrong_s: float) -> None:
    """3.6.2.3, code 133: one round trip more, once."""
    world = at_rest(mobile_clock_s=EPOCH_S + wrong_s)
    assert world.labels() == ["RRQ 300 wifi", "RRP 133 wifi", "RRQ 300 wifi", "RRP 0 wifi"]
    world.signal()
    world.run(2.0)
    assert world.labels()[4:] == ["RRQ 300 umts", "RRP 0 umts"]


def test_what_was_sent_once_binds_nothing_a_second_time() -> None:
    """5.7.1: a timestamp has to be greater than those before."""
    world = at_rest()
    first = world.datagrams[0]
    world.signal()
    world.run(2.0)
    before = len(world.orders("home"))
    world.replay(first)
    assert world.told("registration_refused", "home")[-1]["code"] == ReplyCode.IDENTIFICATION_MISMATCH
    assert len(world.orders("home")) == before


def test_a_refused_handover_leaves_the_call_where_it_is_and_is_tried_again() -> None:
    world = at_rest(room=1)
    world.agent._judge = lambda request, **_: (ReplyCode.NO_RESOURCES, request.identification)  # type: ignore[method-assign]
    world.signal()
    world.run(2.0)
    assert world.told("handover_failed") == [{"status": 130}]
    assert world.mobile.state == AddressMove.AT_REST
    assert SendBy(HOME, "mip-umts") not in world.orders("mn")
    del world.agent._judge
    world.run(7.0)
    assert len(world.told("trigger")) == 2
    assert world.told("handover_done") == [{"link": "umts"}]


def test_a_registration_is_renewed_before_it_expires() -> None:
    world = at_rest()
    world.run(1000.0)
    assert [at for at, label, _ in world.sent if label == "RRQ 300"][1] == pytest.approx(225.0, abs=0.01)
    assert world.told("binding_expired") == []
    assert [one for one in world.orders("home") if isinstance(one, Deliver)] == [Deliver(HOME, ("mip0",))]


def test_a_registration_is_renewed_while_the_next_link_is_waited_for() -> None:
    world = at_rest()
    world.signal()
    world.link("umts", is_up=False)
    world.run(1000.0)
    assert world.mobile.state == AddressMove.WAITING
    assert world.told("binding_expired") == []
    assert [round(at) for at, label, _ in world.sent if label == "RRQ 300"] == [0, 1, 225, 450, 675, 900]


def test_a_link_that_was_away_when_its_address_was_to_be_renewed_has_it_renewed_once_it_is_back() -> None:
    world = at_rest()
    world.link("umts", is_up=False)
    world.run(220.0)
    world.link("wifi", is_up=False)
    world.run(232.0)
    world.link("wifi", is_up=True)
    world.run(600.0)
    assert world.told("binding_expired") == []
    assert 232.0 <= next(at for at, label, _ in world.sent if label == "RRQ 300" and at > 1.0) <= 237.0


def test_what_is_granted_for_less_is_renewed_earlier() -> None:
    world = at_rest(longest_s=20)
    world.run(40.0)
    assert [round(at) for at, label, _ in world.sent if label == "RRQ 300"] == [0, 15, 30]


def test_a_binding_that_nobody_renews_is_over_and_the_agent_says_nothing() -> None:
    """RFC 5944 3.8: no reply without a request."""
    world = at_rest(longest_s=20)
    for name in ("umts", "wifi"):
        world.link(name, is_up=False)
    world.run(60.0)
    assert world.told("binding_expired") == [{"home": HOME, "care_of": CARE_OF["wifi"]}]
    assert world.orders("home")[-2:] == [Deliver(HOME, ()), DropTunnel("mip0")]
    assert [label for _, label, _ in world.sent].count("RRP 0") == 1


def test_a_new_link_that_dies_meanwhile_is_waited_for() -> None:
    world = at_rest()
    world.signal()
    world.link("umts", is_up=False)
    world.run(3.0)
    assert world.mobile.state == AddressMove.WAITING
    world.link("umts", is_up=True)
    world.run(5.0)
    assert world.told("handover_done") == [{"link": "umts"}]
