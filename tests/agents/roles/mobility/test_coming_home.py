"""Leaving home and coming back (RFC 5944 2.4.3, 4.6): message charts, and who answers for the address."""

from __future__ import annotations

import pytest

from agents.mip.mip_messages import Flag, Key, RegistrationRequest, ReplyCode
from agents.roles.kernel_orders import (
    BeAtHome,
    Deliver,
    DropTunnel,
    GiveBack,
    Intercept,
    LeaveHome,
    OnlyFrom,
    OwnAddress,
    SendBy,
    SetTunnel,
)
from agents.roles.mobility.clock import ntp_timestamp
from agents.roles.mobility.mobile import AddressMove

from .moving_world import EPOCH_S
from .returning_world import HOME, ON_LINK, ROUTER, STATION, ReturningWorld

AT_HOME = ["RRQ 0 wifi", "RRP 0 wifi"]
AWAY = ["RRQ 300 umts", "RRP 0 umts"]
STRANGER = bytes((2, 0, 0, 0, 0, 0x66))


def at_home(**options: object) -> ReturningWorld:
    world = ReturningWorld(**options)  # type: ignore[arg-type]
    world.run(1.0)
    return world


def away(**options: object) -> ReturningWorld:
    world = at_home(**options)
    world.signal()
    world.run(3.0)
    return world


def request(world: ReturningWorld, secret: bytes = bytes(16), stamp_s: float = 0.0) -> bytes:
    """One that would have the home agent let go of the address."""
    identification = ntp_timestamp(world.now + EPOCH_S + stamp_s)
    return RegistrationRequest(Flag.REVERSE_TUNNEL, 0, HOME, ROUTER, HOME, identification).signed(Key(256, secret))


def test_at_home_nothing_is_bound_and_the_address_is_used_like_any_other() -> None:
    """3.6.1.1: the request is from the home address, and for it; a binding of before would be gone."""
    world = at_home()
    assert world.labels() == AT_HOME
    assert world.datagrams[0].local.ip == HOME
    assert (world.answers, world.sends_by, world.delivers_to()) == ({"mn"}, "wifi", ())
    assert world.orders("mn") == [
        SetTunnel("mip-wifi", ON_LINK["wifi"], ROUTER),
        SetTunnel("mip-umts", ON_LINK["umts"], ROUTER),
        OwnAddress(HOME, "mip-wifi"),
        BeAtHome(HOME, ROUTER, "mn-wifi"),
    ]
    assert world.orders("home") == [GiveBack(HOME, "home-air", STATION)]
    world.run(5000.0)
    assert world.labels() == AT_HOME  # nothing is there to be renewed


def test_who_leaves_stops_answering_before_it_asks_and_the_home_agent_begins_when_it_agrees() -> None:
    """4.6, the summary's first list."""
    world = away()
    assert world.labels() == [*AT_HOME, *AWAY]
    left = [at for at, _, one in world.commands if isinstance(one, LeaveHome)]
    taken = [at for at, _, one in world.commands if isinstance(one, Intercept)]
    asked = [at for at, label, _ in world.sent if label == "RRQ 300"]
    assert left == [1.0] == asked
    assert taken == [pytest.approx(1.110)]
    assert (world.answers, world.sends_by, world.delivers_to()) == ({"home"}, "umts", ("mip0",))
    assert world.orders("home")[1:] == [
        SetTunnel("mip0", ROUTER, ON_LINK["umts"]), OnlyFrom("mip0", HOME), Intercept(HOME, "home-air"),
        Deliver(HOME, ("mip0",)),
    ]  # fmt: skip


def test_who_comes_back_answers_says_so_and_asks_and_the_home_agent_gives_back() -> None:
    """4.6, the summary's second list: no binding, no tunnel, and nobody who answers in its name is left."""
    world = away()
    world.signal(-50.0)
    world.run(5.0)
    assert world.labels() == [*AT_HOME, *AWAY, *AT_HOME]
    assert (world.answers, world.sends_by, world.delivers_to()) == ({"mn"}, "wifi", ())
    assert world.orders("home")[-3:] == [Deliver(HOME, ()), DropTunnel("mip0"), GiveBack(HOME, "home-air", STATION)]
    assert world.orders("mn")[-1] == BeAtHome(HOME, ROUTER, "mn-wifi")
    assert world.told("handover_done") == [{"link": "umts"}, {"link": "wifi"}]
    assert world.agent._tunnels.bound(HOME) == {}


def test_there_and_back_and_there_again() -> None:
    world = away()
    for dbm in (-50.0, -70.0, -50.0):
        world.signal(dbm)
        world.run(world.now + 2.0)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts", "wifi"]
    made = {one.name for one in world.orders("home") if isinstance(one, SetTunnel)}
    assert made == {one.name for one in world.orders("home") if isinstance(one, DropTunnel)}
    assert world.answers == {"mn"}


def test_a_home_link_that_breaks_is_left_without_a_word_on_it() -> None:
    world = at_home()
    world.link("wifi", is_up=False)
    world.run(3.0)
    assert world.labels() == [*AT_HOME, *AWAY]
    assert (world.answers, world.sends_by) == ({"home"}, "umts")


def test_a_binding_is_renewed_while_it_is_away() -> None:
    world = away()
    world.run(1000.0)
    assert world.told("binding_expired") == []
    assert world.labels()[4:6] == AWAY


def test_a_request_that_is_lost_on_the_way_home_is_asked_again() -> None:
    for lost in ("RRQ 0", "RRP 0"):
        world = away()
        world.lost = {lost}
        world.signal(-50.0)
        world.run(6.0)
        assert [round(at - 3.0, 3) for at, label, link in world.sent if label == "RRQ 0" and at >= 3] == [0.0, 1.0]
        assert world.told("handover_done")[-1] == {"link": "wifi"}
        assert (world.answers, world.delivers_to()) == ({"mn"}, ())


def test_a_home_agent_that_is_silent_leaves_the_node_waiting_at_its_door() -> None:
    """What it sends goes by the home link already (2.4.3); what is sent to it still comes by the tunnel."""
    world = away()
    world.is_silent = True
    world.signal(-50.0)
    world.run(20.0)
    assert world.mobile.state == AddressMove.REGISTERING
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.delivers_to() == ("mip0",)
    world.is_silent = False
    world.run(60.0)
    assert world.told("handover_done")[-1] == {"link": "wifi"}


def test_a_refusal_leaves_all_as_it_was_away() -> None:
    """4.6: the home agent changes nothing about ARP; the node takes back what it had done, and tries again."""
    world = away()
    judge = world.agent._judge
    world.agent._judge = lambda one, **_: (ReplyCode.UNSPECIFIED, one.identification)  # type: ignore[method-assign]
    before = len(world.orders("home"))
    world.signal(-50.0)
    world.run(4.0)
    assert world.told("handover_failed") == [{"status": 128}]
    assert len(world.orders("home")) == before
    assert (world.answers, world.sends_by, world.delivers_to()) == ({"home"}, "umts", ("mip0",))
    assert world.orders("mn")[-2:] == [LeaveHome("mn-wifi"), SendBy(HOME, "mip-umts")]
    world.agent._judge = judge  # type: ignore[method-assign]
    world.run(9.0)
    assert world.told("handover_done")[-1] == {"link": "wifi"}


def test_a_neighbour_brings_nobody_home() -> None:
    """By a guess, by nothing, by what he has heard: the node's packets go where it is."""
    world = away()
    heard = world.datagrams[0].data
    for data in (request(world), request(world)[:24], heard, b"?"):
        world.say(data, STRANGER)
        world.run(world.now + 1.0)
    assert [one["code"] for one in world.told("registration_refused", "home")] == [131, 133]
    assert [one["reason"] for one in world.told("discarded", "home")] == ["not signed", "type 63, not 1"]
    assert (world.answers, world.delivers_to()) == ({"home"}, ("mip0",))


def test_who_asks_from_elsewhere_in_its_name_gives_nothing_to_a_neighbour() -> None:
    """A signed request of which nobody has seen a frame: the tunnel goes, and no link-layer address is told."""
    world = away()
    secret = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    world.say(request(world), STRANGER)
    local, remote = world.datagrams[0].remote, world.datagrams[0].local._replace(ip=ON_LINK["umts"])
    world.agent.receive_datagram(request(world, secret, 1.0), local=local, remote=remote, now=world.now)
    world._flush()
    assert world.delivers_to() == ()
    assert [one for one in world.orders("home") if isinstance(one, GiveBack)] == [GiveBack(HOME, "home-air", STATION)]
