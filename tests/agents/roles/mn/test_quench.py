"""ICMP Source Quench: bytes that scapy made, read; and a call that hears of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Packet, Raw

from agents.roles.mn.quench import parse_quench
from agents.roles.role import HearQuenches
from tests.agents.world import CN_IP, World

ROUTER, MN = "10.0.1.254", "10.0.1.1"
TRIGGER = {"on": "source-quench", "count": 3, "within": 1.0}


def quench(about: Packet, **fields: int) -> bytes:
    """As RFC 792 says: header, and eight bytes of what it is about."""
    quoted = Raw(bytes(about)[: about.ihl * 4 + 8] if about.ihl else bytes(about)[:28])
    return bytes(IP(src=ROUTER, dst=MN) / ICMP(type=fields.get("type", 4), code=fields.get("code", 0)) / quoted)


def speech(source: tuple[str, int], destination: tuple[str, int]) -> Packet:
    return IP(src=source[0], dst=destination[0]) / UDP(sport=source[1], dport=destination[1]) / Raw(bytes(172))


ABOUT = speech((MN, 20000), (CN_IP, 30000))


def test_it_says_who_asks_and_about_what() -> None:
    found = parse_quench(quench(ABOUT))
    assert found is not None
    assert found.router == ROUTER
    assert (found.source[:2], found.destination[:2]) == ((MN, 20000), (CN_IP, 30000))


@pytest.mark.parametrize(
    "packet",
    [
        b"", quench(ABOUT)[:19], quench(ABOUT)[:27], quench(ABOUT)[:51], quench(ABOUT, type=3), quench(ABOUT, code=1),
        quench(IP(src=MN, dst=CN_IP) / TCP()), bytes(ABOUT), quench(ABOUT)[:-1] + b"\xff",
    ],
    ids=["nothing", "half a header", "half an ICMP", "too little of the packet", "unreachable", "another code",
         "about TCP", "UDP", "a wrong checksum"],
)  # fmt: skip
def test_what_is_none(packet: bytes) -> None:
    assert parse_quench(packet) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_one_or_none(data: bytes) -> None:
    parse_quench(data)
    parse_quench(quench(ABOUT)[:20] + data)


def in_a_call() -> World:
    world = World(trigger=TRIGGER)
    world.run(3.0)
    return world


def hears(world: World, about: Packet, times: int = 3) -> None:
    for _ in range(times):
        world.report("mn", report="icmp", data=quench(about))
        world.run(0.1)


def test_a_call_whose_stream_is_quenched_is_handed_over() -> None:
    world = in_a_call()
    (leg,) = world.mn._call.media.legs.values()
    hears(world, speech(leg.local[:2], leg.remote[:2]))
    (told,) = world.told("trigger")
    assert told == {"link": "wifi", "to": "umts", "kind": "source-quench", "quenches": 3}
    assert [one["is_ours"] for one in world.told("source_quench")] == [True] * 3
    world.settle()
    world.assert_nothing_left()


@pytest.mark.parametrize("wrong", ["port", "destination", "source"])
def test_one_about_what_we_do_not_send_is_ignored(wrong: str) -> None:
    """RFC 6633 6: anybody can send them."""
    world = in_a_call()
    (leg,) = world.mn._call.media.legs.values()
    source = ("10.0.2.1" if wrong == "source" else leg.local.ip, leg.local.port + (wrong == "port"))
    hears(world, speech(source, ("10.9.9.9" if wrong == "destination" else leg.remote.ip, leg.remote.port)))
    assert world.told("trigger") == []
    assert [one["is_ours"] for one in world.told("source_quench")] == [False] * 3


def test_only_who_wants_to_hear_them_does() -> None:
    heard: list[object] = []
    for trigger in (TRIGGER, {"on": "link-down"}):
        world = World(trigger=trigger)
        commands = world.mn._call.commands
        world.mn._sensing.call_established(now=0.0)
        heard.append([command for command in commands if isinstance(command, HearQuenches)])
    assert [len(found) for found in heard if isinstance(found, list)] == [1, 0]
