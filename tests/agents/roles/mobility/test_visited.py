"""Mobile IPv4 with foreign agents (RFC 5944) as message charts: the node, its two links' agents, and its home's."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.mip.agent_messages import AgentAdvertisement, read_agent_message
from agents.mip.mip_messages import Flag, parse_request
from agents.roles.kernel_orders import (
    Deliver,
    Intercept,
    NoLongerServe,
    OnlyFrom,
    OwnAddress,
    ReachRouter,
    SendByRouter,
    ServeNode,
    SetLogical,
    SetTunnel,
)

from .visited_world import (
    AGENTS,
    BEGUN,
    CARE_OF,
    HOME,
    HOME_AGENT,
    ROUTERS,
    STATIONS,
    VisitedWorld,
    begun,
    moved,
)

OVER_UMTS = ["RRQ 300 umts", "RRQ 300 umts-core", "RRP 0 umts-core", "RRP 0 umts"]


def advertisements(world: VisitedWorld, link: str, *, is_asked: bool) -> list[AgentAdvertisement]:
    """Those of a link's agent: to who asked, or to all."""
    said = []
    for who, packet in world.packets:
        if who == f"{link}-gw" and packet.ports is None and (packet.destination == HOME) == is_asked:
            message = read_agent_message(packet.data)
            assert isinstance(message, AgentAdvertisement)
            said.append(message)
    return said


def test_an_agent_is_asked_for_heard_and_registered_with() -> None:
    """2.4: solicitation; 3.6, 3.7: the request goes by way of the agent; 4.6: nobody is asked for an address."""
    world = begun()
    assert world.chart() == BEGUN
    assert world.orders("mn") == [
        SetLogical("mn-logical"),
        OwnAddress(HOME, "mn-logical"),
        ReachRouter(HOME, AGENTS["wifi"], "mn-wifi", ROUTERS["wifi"]),
        SendByRouter(HOME, AGENTS["wifi"], "mn-wifi", 1480),
        ReachRouter(HOME, AGENTS["umts"], "mn-umts", ROUTERS["umts"]),
    ]
    assert world.orders("wifi-gw") == [
        SetTunnel("fa0", CARE_OF["wifi"], HOME_AGENT),
        ServeNode(HOME, "wifi-gw-air", STATIONS["wifi"], "fa0"),
    ]
    assert world.orders("home") == [
        SetTunnel("mip0", HOME_AGENT, CARE_OF["wifi"]),
        OnlyFrom("mip0", HOME),
        Intercept(HOME, "home-eth0"),
        Deliver(HOME, ("mip0",)),
    ]


def test_the_request_is_passed_on_as_it_was_and_wants_no_packets_in_tunnels() -> None:
    """3.7.2.2: not a byte of it changes. 3.6.1.2: the D bit is not set."""
    world = begun()
    first, passed_on = world.datagrams[:2]
    assert first.data == passed_on.data
    assert (first.local.ip, first.remote.ip) == (HOME, AGENTS["wifi"])
    assert (passed_on.local.ip, passed_on.remote.ip) == (CARE_OF["wifi"], HOME_AGENT)
    asked, _ = parse_request(first.data)
    assert (asked.flags, asked.care_of) == (Flag.REVERSE_TUNNEL, CARE_OF["wifi"])


def test_a_handover_is_one_registration_by_way_of_the_other_agent() -> None:
    world = moved(begun())
    assert world.chart() == [*BEGUN, *OVER_UMTS]
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.sends_by == "umts"
    (done_at,) = (at for at, _, one in world.commands if isinstance(one, SendByRouter) and at > 1)
    assert done_at == pytest.approx(1.0 + 2 * 0.110 + 2 * 0.0005)
    # What is still on its way to the first agent is handed over: its entry is over when its time is (3.7).
    assert world.served == STATIONS
    assert world.orders("home")[-2] == Deliver(HOME, ("mip1",))


def test_there_and_back_again() -> None:
    world = begun()
    for dbm in (-70.0, -50.0, -70.0):
        world.signal(dbm)
        world.run(world.now + 2.0)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts"]
    assert [one for one in world.orders("wifi-gw") if isinstance(one, ServeNode)] == [
        ServeNode(HOME, "wifi-gw-air", STATIONS["wifi"], "fa0")
    ]


def test_agents_advertise_each_second_and_at_once_when_asked() -> None:
    """2.1: a third of the lifetime; 2.3.2: each has the next number."""
    world = begun()
    world.run(60.0)
    unasked = advertisements(world, "wifi", is_asked=False)
    assert 60 <= len(unasked) <= 81
    (asked,) = advertisements(world, "wifi", is_asked=True)
    assert {one.lifetime_s for one in (*unasked, asked)} == {3}
    assert sorted(one.sequence for one in (*unasked, asked)) == list(range(len(unasked) + 1))
    times = world.times("AA wifi")
    assert all(0.75 <= b - a <= 1.0 for a, b in pairwise(times[2:]))


def test_after_the_last_number_comes_256() -> None:
    world = begun()
    world.agents["wifi"]._sequence = 0xFFFF
    world.run(3.0)
    numbers = [one.sequence for one in advertisements(world, "wifi", is_asked=False)]
    assert numbers[numbers.index(0xFFFF) :][:2] == [0xFFFF, 256]
    assert world.chart() == BEGUN  # 2.4.4: that is no restart


def test_who_is_not_answered_asks_three_times_a_second_apart_and_then_less_and_less_often() -> None:
    world = VisitedWorld()
    world.dead = {"wifi-gw", "umts-gw"}
    world.run(400.0)
    gaps = [b - a for a, b in pairwise(world.times("AS wifi"))]
    wanted = [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert all(least <= gap <= 1.1 * least for gap, least in zip(gaps, wanted, strict=False)), gaps


def test_an_agent_that_is_not_heard_of_for_its_lifetime_is_lost_and_so_is_its_link() -> None:
    """2.4.2.1; and the trigger says so, though carrier and signal are as they were."""
    world = begun()
    world.dead = {"wifi-gw"}
    last = world.times("AA wifi")[-1]
    world.run(8.0)
    (lost_at,) = (at for at, _, one in world.commands if getattr(one, "event", "") == "agent_lost")
    assert lost_at == pytest.approx(last + 0.0015 + 3.0)
    assert world.told("agent_lost") == [{"link": "wifi"}]
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "agent-lost"}]
    assert world.chart()[len(BEGUN) :][:2] == ["AS wifi", "RRQ 300 umts"]
    assert world.told("handover_done") == [{"link": "umts"}]


def test_two_advertisements_in_a_row_may_be_lost() -> None:
    """2.1: that is what the lifetime is three intervals for."""
    world = begun()
    heard = world.times("AA wifi")[-1]
    for _ in range(2):
        world.lost = {"AA"}
        due = world.agents["wifi"].get_timer()
        assert due is not None
        world.run(due + 0.001)
    assert not world.lost
    world.run(heard + 5.0)
    assert world.told("agent_lost") == []
    assert world.chart() == BEGUN


def test_a_link_without_an_agent_is_not_gone_to_while_the_other_one_works() -> None:
    world = VisitedWorld()
    world.dead = {"umts-gw"}
    world.run(2.0)
    world.signal()
    world.run(6.0)
    assert (world.told("trigger"), world.sends_by) == ([], "wifi")
    world.restart("umts")
    world.run(9.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_when_the_only_agent_is_lost_the_other_link_is_waited_for() -> None:
    world = VisitedWorld()
    world.dead = {"umts-gw"}
    world.run(2.0)
    world.dead = {"umts-gw", "wifi-gw"}
    world.run(9.0)
    assert world.told("handover_done") == []
    world.restart("umts")
    world.run(12.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_an_agent_that_began_anew_is_registered_with_again() -> None:
    """2.4.4: a number that is less, and below 256; else the tunnel would end nowhere until the lifetime is over."""
    world = begun()
    world.run(5.0)
    world.restart("wifi")
    world.run(8.0)
    assert world.chart() == [*BEGUN, *BEGUN[2:]]
    (anew,) = world.told("agent_anew")
    assert (anew["agent"], anew["sequence"]) == (AGENTS["wifi"], 0)
    assert world.served["wifi"] == STATIONS["wifi"]


def test_an_agent_that_seems_to_begin_anew_all_the_time_makes_one_registration_a_second() -> None:
    """2.4.2: not more often, whatever is said."""
    world = begun()
    for number in range(40):
        world.advertise(
            source=AGENTS["wifi"], link_layer=ROUTERS["wifi"], sequence=number % 2, care_of=(CARE_OF["wifi"],),
            routers=(AGENTS["wifi"],),
        )  # fmt: skip
        world.run(world.now + 0.1)
    asked = world.times("RRQ 300 wifi")[1:]
    assert 3 <= len(asked) <= 5
    assert all(b - a >= 1.0 - 1e-9 for a, b in pairwise(asked))


def test_a_link_that_was_away_finds_its_agent_anew() -> None:
    world = begun(trigger={"on": "signal", "below": -200.0})
    world.link("umts", is_up=False)
    world.link("wifi", is_up=False)
    world.run(3.0)
    world.link("wifi", is_up=True)
    world.run(5.0)
    assert world.chart()[len(BEGUN) :] == ["AS wifi", *BEGUN[2:]]


def test_a_registration_is_renewed_before_it_expires_and_one_that_is_not_is_let_go() -> None:
    """3.6.2.2, 3.7: the agent says nothing of it to anybody."""
    world = begun(home_agent={"longest_s": 20})
    world.run(40.0)
    assert [round(at) for at in world.times("RRQ 300 wifi")] == [0, 15, 30]
    moved(world, 90.0)
    assert world.told("visitor_expired", "wifi-gw") == [{"home": HOME, "care_of": CARE_OF["wifi"]}]
    assert world.orders("wifi-gw")[-2] == NoLongerServe(HOME, "wifi-gw-air", "fa0")
    assert "wifi" not in world.served


def test_no_more_is_asked_for_than_the_agent_grants() -> None:
    """3.6.1.2: it says so in its advertisements."""
    world = begun(agents={"wifi": {"longest_s": 60}})
    assert world.chart()[2] == "RRQ 60 wifi"
