"""Mobile IPv4 with foreign agents (RFC 5944): who refuses, who falls silent, and what strangers on the link can do."""

from __future__ import annotations

import struct

import pytest

from agents.mip.agent_messages import AgentFlag, AgentSolicitation
from agents.mip.mip_messages import Flag, RegistrationReply, parse_reply
from agents.roles.kernel_orders import DropTunnel, NoLongerServe, ReachRouter, ServeNode
from agents.roles.mobility.mobile import AddressMove
from agents.roles.role import LinkPacket
from agents.sip.message.address import Address, Datagram

from .visited_world import (
    AGENTS,
    BEGUN,
    CARE_OF,
    HOME,
    HOME_AGENT,
    OFFERS,
    ROUTERS,
    STATIONS,
    STRANGER,
    VisitedWorld,
    asked,
    begun,
    moved,
    request,
)

NODE = "10.10.0.77"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"flags": Flag.REVERSE_TUNNEL | 0x04}, 70),
        ({"flags": Flag.REVERSE_TUNNEL | 0x01}, 70),
        ({"home_agent": AGENTS["wifi"]}, 194),
        ({"home_agent": CARE_OF["wifi"]}, 194),
        ({"flags": Flag.REVERSE_TUNNEL | Flag.DECAPSULATED_BY_MOBILE_NODE}, 65),
        ({"care_of": CARE_OF["umts"]}, 77),
        ({"flags": Flag.REVERSE_TUNNEL | Flag.GRE}, 72),
        ({"flags": Flag.REVERSE_TUNNEL | Flag.MINIMAL_ENCAPSULATION}, 72),
        ({"flags": Flag(0)}, 75),
        ({"lifetime_s": 1801}, 69),
    ],
)
def test_what_an_agent_does_not_pass_on(what: dict[str, object], code: int) -> None:
    """3.7.2, RFC 3024 4.2.1: by its own refusal, with the request's identification; the kernel hears nothing of it."""
    world = begun()
    before = len(world.datagrams), len(world.orders("wifi-gw"))
    assert asked(world, request(world, **what)) == code  # type: ignore[arg-type]
    assert (len(world.datagrams), len(world.orders("wifi-gw"))) == before
    assert world.told("registration_refused", "wifi-gw")[-1]["code"] == code


def test_who_is_further_away_than_the_link_is_refused() -> None:
    """RFC 3024 4.2.1, 6.1."""
    world = begun()
    assert asked(world, request(world), hops=254) == 76


def test_a_refusal_of_a_lifetime_says_what_would_be_granted() -> None:
    """3.7.2.3."""
    world = begun(agents={"wifi": {"longest_s": 100}})
    asked(world, request(world, lifetime_s=200))
    reply, signatures = parse_reply(world.packets[-1][1].data)
    assert (reply.code, reply.lifetime_s, signatures) == (69, 100, [])


def test_the_same_node_is_refused_once_a_second() -> None:
    """3.7.2: whoever floods makes no flood of us."""
    world = begun()
    codes = []
    for _ in range(5):
        codes.append(asked(world, request(world, flags=Flag(0))))
        world.run(world.now + 0.4)
    assert codes == [75, None, None, 75, None]
    assert [one["reason"] for one in world.told("discarded", "wifi-gw")] == ["refused by 75 less than 1 s ago"] * 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "type none, not 1"),
        (bytes((1,)) + bytes(9), "10 bytes, and 24 are the least"),
        (bytes((3,)) + bytes(40), "type 3, not 1"),
    ],
)
def test_what_is_no_request_is_counted(data: bytes, reason: str) -> None:
    world = begun()
    assert asked(world, data) is None
    assert world.agents["wifi"].discarded == {reason: 1}


def test_a_request_without_a_signature_is_poorly_formed_and_one_in_another_s_name_nothing() -> None:
    world = begun()
    assert asked(world, request(world)[:24]) == 70
    assert asked(world, request(world), source=NODE) is None
    assert world.agents["wifi"].discarded == {"a request that is not from its home address": 1}


def test_more_requests_at_a_time_than_there_is_room_are_refused() -> None:
    """3.7.1: typically 5; a newer one of the same node takes the place of the one before."""
    world = begun()
    world.dead = {"home"}
    codes = []
    for number in range(7):
        home = f"10.10.0.{100 + number}"
        codes.append(asked(world, request(world, home=home), source=home, link_layer=bytes((2, 0, 0, 0, 1, number))))
    assert codes == [None] * 5 + [66] * 2
    assert asked(world, request(world, home="10.10.0.100", stamp_s=1), source="10.10.0.100",
                 link_layer=bytes((2, 0, 0, 0, 1, 0))) is None  # fmt: skip


def test_more_visitors_than_there_is_room_are_refused_and_advertisements_say_so() -> None:
    """2.1.1, B: those who are there already hear that it is still there."""
    world = begun(agents={"wifi": {"room": 1}})
    assert asked(world, request(world, home=NODE), source=NODE, link_layer=STRANGER) == 66
    assert asked(world, request(world)) is None
    world.run(3.0)
    assert world.told("agent_lost") == []
    newcomer = VisitedWorld()
    newcomer.dead = {"wifi-gw", "umts-gw"}
    newcomer.run(1.0)
    newcomer.advertise(flags=OFFERS | AgentFlag.BUSY)
    assert newcomer.told("agent_heard") == []
    newcomer.advertise()
    assert [one["link"] for one in newcomer.told("agent_heard")] == ["wifi"]


def test_a_home_agent_that_is_silent_is_waited_for_seven_seconds() -> None:
    """3.7.1: code 78 to the newest request; the node is where it was, and tries again."""
    world = begun()
    world.dead = {"home"}
    moved(world, 16.0)
    refused = world.told("registration_refused", "umts-gw")
    assert refused[0]["reason"] == "REGISTRATION_TIMEOUT"
    assert world.told("handover_failed")[0] == {"status": 78}
    assert world.sends_by == "wifi"
    first = world.times("RRQ 300 umts")
    assert [round(one - first[0], 2) for one in first[:3]] == [0.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("icmp_code", "code"), [(0, 80), (1, 81), (3, 82), (13, 88)], ids=["net", "host", "port", "prohibited"]
)
def test_a_home_agent_that_cannot_be_reached_is_a_refusal(icmp_code: int, code: int) -> None:
    """3.7.3, 3.4: by what a router says of the request."""
    world = begun()
    world.dead = {"home"}
    moved(world, 1.3)
    passed_on = world.datagrams[-1]
    assert passed_on.remote.ip == HOME_AGENT
    world.hand("umts-gw", unreachable(icmp_code, passed_on))
    world.run(2.0)
    assert world.told("handover_failed") == [{"status": code}]
    assert world.mobile.state == AddressMove.AT_REST


def test_what_a_router_says_of_other_packets_is_nobody_s_refusal() -> None:
    world = begun()
    world.dead = {"home"}
    moved(world, 1.3)
    passed_on = world.datagrams[-1]
    world.hand("umts-gw", unreachable(1, passed_on._replace(remote=Address(HOME_AGENT, 5060))))
    world.hand("umts-gw", unreachable(1, passed_on._replace(local=Address("10.0.1.2", 434))))
    cut = unreachable(1, passed_on)
    world.hand("umts-gw", cut._replace(data=cut.data[:20]))
    world.run(2.0)
    assert world.told("registration_refused", "umts-gw") == []
    assert world.agents["umts"].discarded == {"an ICMP error that is cut off": 1}


def test_no_way_to_the_home_agent_is_a_refusal_at_once() -> None:
    world = begun()
    world.dead = {"home"}
    moved(world, 1.3)
    world.agents["umts"].send_failed(world.datagrams[-1], now=world.now)
    world._flush()
    world.run(2.0)
    assert world.told("handover_failed") == [{"status": 80}]


@pytest.mark.parametrize("code", [64, 65, 66, 67, 70, 77, 80, 194])
def test_a_refused_handover_leaves_the_call_where_it_is_and_is_tried_again(code: int) -> None:
    world = begun()
    judge = world.agents["umts"]._judge
    world.agents["umts"]._judge = lambda *_, **__: Refusal(code)  # type: ignore[method-assign,assignment]
    moved(world, 2.0)
    assert world.told("handover_failed") == [{"status": code}]
    assert (world.mobile.state, world.sends_by) == (AddressMove.AT_REST, "wifi")
    world.agents["umts"]._judge = judge  # type: ignore[method-assign]
    world.run(7.0)
    assert world.told("handover_done") == [{"link": "umts"}]


class Refusal(int):
    """A code that no row of ours has."""

    name = "SOME"


def test_a_lifetime_that_is_too_long_is_asked_for_again_as_it_would_be_granted() -> None:
    """3.6.2.3, code 69; the advertisement said otherwise."""
    world = begun()
    world.agents["umts"]._longest_s = 50
    moved(world)
    assert world.chart()[len(BEGUN) :] == [
        "RRQ 300 umts", "RRP 69 umts", "RRQ 50 umts", "RRQ 50 umts-core", "RRP 0 umts-core", "RRP 0 umts",
    ]  # fmt: skip
    assert world.told("handover_done") == [{"link": "umts"}]


def test_an_agent_that_hears_nothing_is_asked_again_and_when_it_is_lost_waited_for() -> None:
    world = begun()
    world.dead = {"umts-gw"}
    moved(world, 9.0)
    assert world.times("RRQ 300 umts") == pytest.approx([1.0, 2.0], abs=0.01)  # lost within its lifetime
    assert (world.mobile.state, world.sends_by) == (AddressMove.WAITING, "wifi")
    assert world.told("agent_lost") == [{"link": "umts"}]
    world.restart("umts")
    world.run(12.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_with_another_key_nothing_is_served() -> None:
    world = begun(key="ff" * 16)
    assert [one["code"] for one in world.told("registration_refused", "home")] == [131]
    assert world.told("discarded", "mn")[0]["reason"] == "not signed by the home agent"
    assert (world.served, world.orders("wifi-gw")) == ({}, [])


def test_a_home_that_nobody_knows_is_answered_by_nobody_and_refused_after_seven_seconds() -> None:
    world = begun()
    assert asked(world, request(world, home=NODE), source=NODE, link_layer=STRANGER) is None
    world.run(9.0)
    assert world.told("discarded", "home")[-1]["reason"] == "no association"
    assert [one["code"] for one in world.told("registration_refused", "wifi-gw")] == [78]
    assert world.served == {"wifi": STATIONS["wifi"]}


def test_a_reply_that_answers_nothing_is_counted() -> None:
    """3.7.3.1: nobody asks; another identification; another than was asked says so."""
    world = begun()
    reply = next(one for one in world.datagrams if one.local.ip == HOME_AGENT)
    agent = world.agents["wifi"]
    here, there = Address(CARE_OF["wifi"], 434), Address(HOME_AGENT, 434)
    before = len(world.packets)
    agent.receive_datagram(reply.data, local=here, remote=there, now=world.now)  # once more
    asked(world, request(world, stamp_s=0.5))
    agent.receive_datagram(reply.data, local=here, remote=there, now=world.now)
    answer = RegistrationReply(0, 300, HOME, HOME_AGENT, 0).unsigned()
    agent.receive_datagram(answer, local=here, remote=Address("10.66.0.2", 434), now=world.now)
    agent.receive_datagram(b"?", local=here, remote=there, now=world.now)
    assert agent.discarded == {"answers nothing that is being asked": 3, "type 63, not 3": 1}
    assert [one for who, one in world.packets[before:] if who == "wifi-gw" and one.ports] == []


def test_a_refusal_that_nobody_signed_counts_only_for_what_is_being_asked() -> None:
    """3.6.2.1: a foreign agent's has no signature; one as if by the home agent needs it."""
    world = begun()
    forged = RegistrationReply(77, 300, HOME, HOME_AGENT, 1).unsigned()
    accepted = RegistrationReply(0, 300, HOME, HOME_AGENT, 1).unsigned()
    for data in (forged, accepted):
        world.mobile.receive_datagram(
            data, local=Address(HOME, 434), remote=Address(AGENTS["wifi"], 434), now=world.now
        )
    world._flush()
    assert [one["reason"] for one in world.told("discarded", "mn")] == [
        "not signed by the home agent", "not signed by the home agent",
    ]  # fmt: skip
    assert world.told("registration_refused", "mn") == []


def test_what_a_neighbour_has_heard_and_sends_again_brings_him_no_packets() -> None:
    """The home agent answers a request that it has had already; the agent knows whose it was."""
    world = begun()
    heard = world.datagrams[0].data
    assert asked(world, heard, link_layer=STRANGER) is None
    world.run(2.0)
    assert world.served == {"wifi": STATIONS["wifi"]}
    assert world.agents["wifi"].discarded == {"a request that was sent from another link-layer address before": 1}
    assert asked(world, request(world)[:-1] + b"?", link_layer=STRANGER) is None  # a newer one, which he cannot sign
    world.run(3.0)
    assert world.served == {"wifi": STATIONS["wifi"]}
    assert world.told("registration_refused", "home")[-1]["code"] == 131


def test_who_says_that_he_is_an_agent_gets_nobody_who_has_one() -> None:
    world = begun()
    for number in range(20):
        world.advertise(sequence=number)
        world.advertise(source=AGENTS["wifi"], sequence=number)  # in its name, from another frame
        world.run(world.now + 0.5)
    assert world.chart() == BEGUN
    assert [one for one in world.orders("mn") if isinstance(one, ReachRouter)][2:] == []
    reasons = {one["reason"] for one in world.told("discarded", "mn")}
    assert reasons == {"an agent's address at another link-layer address, while that agent's lifetime lasts"}


def test_who_says_it_when_the_agent_has_gone_gets_the_node() -> None:
    """As the RFC has it: nothing signs an advertisement, and the home agent believes whom the node believes."""
    world = begun(trigger={"on": "signal", "below": -200.0})
    world.link("umts", is_up=False)
    world.dead = {"wifi-gw"}
    for _ in range(8):
        world.advertise()
        world.run(world.now + 0.5)
    assert [one["agent"] for one in world.told("agent_anew")] == ["10.1.0.66"]
    assert world.chart()[-1] == "RRQ 300 wifi"


def test_who_advertises_under_many_names_fills_nobody_up() -> None:
    world = begun()
    for number in range(200):
        world.advertise(source=f"10.1.0.{number + 2}")
    assert len(world.mobile._discovery._searches["wifi"].agents) == 4


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"flags": AgentFlag.FOREIGN_AGENT}, "no foreign agent with reverse tunnels"),
        ({"flags": AgentFlag.HOME_AGENT, "care_of": ()}, "no foreign agent with reverse tunnels"),
        ({"flags": AgentFlag(0)}, "an agent that is none: neither F nor H"),
        ({"flags": OFFERS, "care_of": ()}, "a foreign agent without a care-of address"),
        ({"prefixes": (24, 24)}, "prefix lengths [24, 24] for 1 addresses"),
    ],
)
def test_advertisements_of_no_use_are_counted(said: dict[str, object], reason: str) -> None:
    world = begun()
    world.advertise(**said)  # type: ignore[arg-type]
    assert [one["reason"] for one in world.told("discarded", "mn")] == [reason]


def test_what_has_come_over_a_router_is_no_word_of_the_link() -> None:
    """2.1, 2.2: a TTL of 1."""
    world = begun()
    for who, link, message in (("mn", "mn-wifi", world_advertisement(world)),
                               ("wifi-gw", "wifi-gw-air", AgentSolicitation().packed())):  # fmt: skip
        world.hand(who, LinkPacket(link, STRANGER, "10.1.0.66", "224.0.0.1", 2, message))
    assert world.told("discarded", "mn")[-1]["reason"] == "an advertisement with 2 hops"
    assert world.agents["wifi"].discarded == {"a solicitation with 2 hops": 1}


def world_advertisement(world: VisitedWorld) -> bytes:
    """The last one of the WiFi's agent."""
    return next(one.data for who, one in reversed(world.packets) if who == "wifi-gw" and one.ports is None)


def test_a_node_that_deregisters_is_served_no_longer() -> None:
    """3.7.3.2: the entry is deleted; with the last one of a home agent, its tunnel."""
    world = begun()
    assert asked(world, request(world, lifetime_s=0, stamp_s=0.5)) is None
    world.run(2.0)
    assert world.told("visitor_released", "wifi-gw") == [{"home": HOME, "care_of": CARE_OF["wifi"]}]
    assert world.orders("wifi-gw")[-2:] == [NoLongerServe(HOME, "wifi-gw-air", "fa0"), DropTunnel("fa0")]


def test_two_nodes_of_one_home_share_a_tunnel() -> None:
    other = {"homes": {HOME: KEYS, NODE: KEYS}}
    world = begun(home_agent=other)
    asked(world, request(world, home=NODE), source=NODE, link_layer=STRANGER)
    world.run(2.0)
    assert [one for one in world.orders("wifi-gw") if isinstance(one, ServeNode)] == [
        ServeNode(HOME, "wifi-gw-air", STATIONS["wifi"], "fa0"), ServeNode(NODE, "wifi-gw-air", STRANGER, "fa0"),
    ]  # fmt: skip
    asked(world, request(world, lifetime_s=0, stamp_s=0.5))
    world.run(3.0)
    assert world.orders("wifi-gw")[-1] == NoLongerServe(HOME, "wifi-gw-air", "fa0")


KEYS = {"spi": 256, "key": "000102030405060708090a0b0c0d0e0f"}


def test_a_flag_of_an_agent_whose_frame_is_another_s_changes_nothing_about_the_router() -> None:
    """The node's frames go where the agent was first heard from."""
    world = begun()
    world.advertise(source=AGENTS["wifi"], link_layer=STRANGER, care_of=(CARE_OF["wifi"],))
    reached = [one for one in world.orders("mn") if isinstance(one, ReachRouter)]
    assert {one.link_layer for one in reached} == set(ROUTERS.values())


def unreachable(code: int, about: Datagram) -> LinkPacket:
    """What a router in the core says of a datagram."""
    addresses = bytes(int(part) for ip in (about.local.ip, about.remote.ip) for part in ip.split("."))
    quoted = bytes((0x45, 0)) + bytes(7) + bytes((17, 0, 0)) + addresses
    quoted += struct.pack("!HHHH", about.local.port, about.remote.port, 8, 0)
    body = bytes((3, code, 0, 0)) + bytes(4) + quoted
    return LinkPacket("umts-gw-core", ROUTERS["umts"], "10.0.2.1", about.local.ip, 64, body)
