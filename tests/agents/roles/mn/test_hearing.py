"""A call that hears of silence: when it is one, and when it is none."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rtp.rtcp import Goodbye, parse_compound
from agents.sip.message.address import Address
from tests.agents.air import Way
from tests.agents.world import CN_IP, World

SILENCE: dict[str, Any] = {"on": "silence", "for": 0.06, "back_after": 5.0}
SCHEMES = ("reinvite", "reinvite-soft", "handover-cn", "handover-b2bua", "proactive")


def in_a_call(scheme: str = "handover-cn", **how: Any) -> World:  # noqa: ANN401 - as World has them
    world = World(scheme, trigger=SILENCE, call_s=40.0, **how)
    world.run(4.0)
    return world


def alarms(world: World, host: str = "mn") -> list[float]:
    return [at for at, tell in world.hosts[host].told if tell.event == "silence"]


def last_heard(world: World) -> float:
    return max(at for at, _, sender, receiver in world.spoken if (sender, receiver) == ("cn", "mn.wifi"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_break_is_heard_after_60_ms(scheme: str) -> None:
    world = in_a_call(scheme)
    world.cut("wifi", noticed_after=1.7)
    world.run(0.09)
    (told,) = world.told("trigger")
    assert (told["kind"], told["link"], told["to"]) == ("silence", "wifi", "umts")
    assert 60.0 <= told["silent_ms"] <= 62.0
    world.run(8.0)
    assert world.mn._call.link.name == "umts"
    world.settle()
    world.assert_nothing_left()


def test_a_call_without_a_break_hears_none() -> None:
    world = in_a_call()
    world.settle()
    assert (alarms(world), world.told("trigger")) == ([], [])
    world.assert_nothing_left()


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_hold_is_none_and_a_break_afterwards_is(direction: str) -> None:
    """RFC 3264 8.4: who holds may send nothing at all."""
    world = in_a_call()
    (session,) = world.cn._ua.sessions
    described = session.local_sdp or b""
    session.reinvite(described + f"a={direction}\r\n".encode(), now=world.now)
    world.run(0.1)
    world.cn._media.drop(session, now=world.now)
    world.run(5.0)
    assert (alarms(world), world.told("trigger")) == ([], [])


def test_a_peer_that_says_it_does_not_send_is_none() -> None:
    world = in_a_call()
    (session,) = world.cn._ua.sessions
    session.reinvite((session.local_sdp or b"") + b"a=recvonly\r\n", now=world.now)
    world.run(0.1)
    world.cn._media._source = None
    world.run(5.0)
    assert (alarms(world), world.told("trigger")) == ([], [])


def test_comfort_noise_is_none() -> None:
    """RFC 3389; 13 is not in our description."""
    world = in_a_call()
    (leg,) = world.mn._call.media.legs.values()
    data = bytearray(world.last_speech["cn"])
    data[1] = 13
    world.cn._media._source = None
    world.mn.receive_datagram(bytes(data[:13]), local=leg.local, remote=leg.remote, now=world.now)
    world.run(5.0)
    assert (alarms(world), world.told("trigger")) == ([], [])


def test_a_talker_that_pauses_without_a_word_alarms_once() -> None:
    """It is told from a break by what comes afterwards: no packet is missing, and the timestamp has gone on."""
    world = in_a_call("handover-standby", umts=Way(0.110, 0.002))
    source = world.cn._media._source
    assert source is not None
    for _ in range(10):
        source._start += 0.15
        source._first_timestamp += 1200
        world.run(2.0)
    assert len(alarms(world)) == 1


@pytest.mark.parametrize("lost", ["BYE", None])
def test_a_peer_that_hangs_up_is_none(lost: str | None) -> None:
    """What it says in RTCP is enough, and so is its BYE."""
    world = in_a_call()
    if lost is not None:
        world.lose(lost, times=3)
    world.hang_up("cn")
    world.settle()
    assert (alarms(world), world.told("trigger")) == ([], [])
    world.assert_nothing_left()


def test_a_goodbye_of_another_source_changes_nothing() -> None:
    world = in_a_call()
    (leg,) = world.mn._call.media.legs.values()
    control = [Address(one.ip, one.port + 1) for one in leg]
    goodbye = b"\x80\xc9\x00\x01\x00\x00\x00\x07\x81\xcb\x00\x01\x00\x00\x00\x07"
    assert isinstance(parse_compound(goodbye)[-1], Goodbye)
    world.mn.receive_datagram(goodbye, local=control[0], remote=control[1], now=world.now)
    world.cut("wifi", noticed_after=1.7)
    world.run(0.1)
    assert len(world.told("trigger")) == 1


def test_both_its_byes_lost_is_a_break_and_ends() -> None:
    """Nobody can tell: it is handed over, refused, and over when the BYE comes again."""
    world = in_a_call()
    world.cut("wifi")
    world.hang_up("cn")
    world.links["wifi"].is_cut = False
    world.settle()
    assert len(world.told("trigger")) == 1
    world.assert_nothing_left()


def held_up(world: World, seconds: float) -> None:
    """What is sent for so long comes at once when that is over."""
    link, good, until = world.links["wifi"], world.links["wifi"].down, world.now + seconds
    while world.now < until - 1e-6:
        link.down = Way(until - world.now + good.delay)
        world.run(0.005)
    link.down = good
    world.run(2.0)


def test_a_late_burst_is_none() -> None:
    world = in_a_call(wifi=Way(0.0015))
    held_up(world, 0.035)
    assert alarms(world) == []


def test_a_burst_that_is_later_than_any_alarms_once() -> None:
    """Before it, as nobody can know that it will come; neither after it nor when it is that late again."""
    parts = [{"weight": 0.5, "trigger": trigger} for trigger in (SILENCE, {"on": "link-down"})]
    trigger = {"on": "weighted", "of": parts, "at_least": 1.0}
    world = World("handover-cn", trigger=trigger, call_s=40.0, wifi=Way(0.0015))
    world.run(4.0)
    held_up(world, 0.14)
    assert len(alarms(world)) == 1
    held_up(world, 0.14)
    held_up(world, 0.14)
    assert len(alarms(world)) == 1
    assert world.told("trigger") == [], "there would have to be two reasons"


def test_the_other_leg_is_let_go_without_an_alarm() -> None:
    """Moved for another reason: what the peer sends no longer over the old link is no break."""
    world = World("handover-cn", trigger={"on": "any", "of": [SILENCE, {"on": "signal", "below": -60.0}]}, call_s=40.0)
    world.run(4.0)
    world.signal()
    world.run(10.0)
    assert [told["kind"] for told in world.told("trigger")] == ["signal"]
    assert alarms(world) == []
    assert world.mn._call.link.name == "umts"


def test_where_a_leg_stands_by_the_call_comes_back() -> None:
    """5 s after the first probe over a WiFi that is heard again."""
    world = in_a_call("handover-standby", umts=Way(0.110, 0.002))
    world.cut("wifi")
    world.run(0.5)
    assert world.mn._call.link.name == "umts"
    assert alarms(world, "cn"), "it has heard the break, too"
    world.links["wifi"].is_cut = False
    world.run(4.5)
    assert world.mn._call.link.name == "umts"
    world.run(2.5)
    assert world.mn._call.link.name == "wifi"
    assert [told["kind"] for told in world.told("trigger")] == ["silence"] * 2
    world.settle()
    world.assert_nothing_left()


def test_of_an_uplink_that_is_gone_the_peer_tells() -> None:
    world = in_a_call("handover-standby", umts=Way(0.110, 0.002))
    world.links["wifi"].up = Way(0.0015, loss=1.0)
    world.run(1.0)
    assert world.told("trigger") == [], "it might be a pause; speech goes over both links meanwhile"
    assert world.speech("mn.umts", "cn", since=world.now - 0.1)
    world.run(1.0)
    (told,) = world.told("trigger")
    assert told == {"link": "wifi", "to": "umts", "kind": "silence", "uplink": True}
    assert alarms(world) == []
    world.run(10.0)
    assert world.mn._call.link.name == "umts", "that the peer is heard there is no reason to come back"
    world.links["wifi"].up = Way(0.0015)
    world.run(15.0)
    assert world.mn._call.link.name == "wifi"
    world.settle()
    world.assert_nothing_left()


def test_a_pause_of_the_uplink_is_no_reason_to_leave() -> None:
    world = in_a_call("handover-standby", umts=Way(0.110, 0.002))
    world.links["wifi"].up = Way(0.0015, loss=1.0)
    world.run(0.1)
    world.links["wifi"].up = Way(0.0015)
    world.run(10.0)
    assert alarms(world, "cn"), "it had copies sent"
    assert world.told("trigger") == []


def test_who_watches_no_silence_hears_none() -> None:
    world = World("handover-cn", call_s=20.0)
    world.run(4.0)
    world.cut("wifi", noticed_after=1.7)
    world.run(1.0)
    assert alarms(world) == []
    assert CN_IP in {leg.remote.ip for leg in world.mn._call.media.legs.values()}
