"""`media-handover`: the media go ahead, a relay learns where they come from (RFC 7362), and SIP is told afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from agents.roles.mn.schemes.media_handover import LEARNED_LIMIT_S
from agents.sdp.description import SessionDescription
from tests.agents.air import Way
from tests.agents.world import LINK_DOWN, World

REINVITE = [
    "INVITE mn.umts -> home", "INVITE home -> cn", "200 INVITE cn -> home", "200 INVITE home -> mn.umts",
    "ACK mn.umts -> home", "ACK home -> cn",
]  # fmt: skip


def falling(*, is_umts_attached: bool = True, relay_learns: bool = True) -> World:
    """A call of three seconds' age whose WiFi gets weak."""
    world = World("media-handover", is_umts_attached=is_umts_attached, relay_learns=relay_learns)
    world.run(3.0)
    world.signal()
    return world


def is_done(world: World) -> bool:
    return bool(world.told("handover_done"))


def test_media_come_and_go_over_the_new_link_before_any_sip() -> None:
    world = falling()
    world.run_until(lambda: world.state == "REINVITING")
    assert world.now - 3.0 < 2 * 0.130 + 2 * 0.020  # a round trip over UMTS, and two packet intervals
    assert world.flow(since=3.0) == ["INVITE mn.umts -> home"]
    assert world.speech("cn", "home") != []
    before, after = world.speech("mn.wifi", "home"), world.speech("mn.umts", "home")
    assert before + after == list(range(before[0], after[-1] + 1))
    assert world.speech("home", "mn.umts")[0] == world.speech("home", "mn.wifi")[-1] + 1


def test_nobody_hears_a_packet_less() -> None:
    world = falling()
    world.run(5.0)
    for name, sender in (("mn", "home"), ("cn", "home")):
        receiver = world.hosts[name].media.receiver
        first = sum(receiver.filter.count(path).first for path in receiver.filter.paths)
        receivers = ("mn.wifi", "mn.umts") if name == "mn" else ("cn",)
        sent = sum(len(world.speech(sender, one)) for one in receivers)
        assert sent - first <= 7  # what is on its way over UMTS
        assert world.hosts[name].media.stray == 0


def test_sip_is_told_afterwards_and_names_the_port_that_the_media_use_already() -> None:
    world = falling()
    (leg,) = world.mn._call.media.legs.values()
    world.run_until(lambda: is_done(world))
    assert world.flow(since=3.0)[:4] == REINVITE[:4]
    reinvite: Any = next(line.message for line in world.sent if line.at > 3.0 and line.label == "INVITE")
    described = SessionDescription.parse(reinvite.body).media[0]
    assert (described.address, described.port) == (leg.local.ip, leg.local.port) == ("10.0.2.1", 20002)
    assert reinvite.contact.uri == "sip:mn@10.0.2.1:5060"
    (after,) = world.mn._call.media.legs.values()
    assert after == leg
    world.settle()
    assert world.flow(since=19.0) == [
        "BYE mn.umts -> home", "BYE home -> cn", "200 BYE cn -> home", "200 BYE home -> mn.umts",
    ]  # fmt: skip
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_relay_that_does_not_learn_is_told_by_sip() -> None:
    world = falling(relay_learns=False)
    world.run_until(lambda: world.state == "REINVITING")
    assert world.now - 3.0 == pytest.approx(LEARNED_LIMIT_S)
    assert world.speech("home", "mn.umts") == []
    world.run_until(lambda: is_done(world))
    world.run(1.0)
    assert len(world.speech("home", "mn.umts", since=world.now - 0.5)) == 25
    world.settle()
    world.assert_nothing_left()


def test_link_is_attached_first_where_it_is_not() -> None:
    world = World("media-handover", trigger=LINK_DOWN, is_umts_attached=False)
    world.run(3.0)
    world.cut("wifi", noticed_after=0.5)
    world.run_until(lambda: is_done(world))
    assert 5.5 + 2 * 0.180 < world.now < 5.5 + 4 * 0.130 + 0.04
    assert world.flow(since=3.0)[:4] == REINVITE[:4]
    world.settle()
    world.assert_nothing_left()


def test_media_go_back_when_the_new_link_is_gone_before_they_came_over_it() -> None:
    world = falling()
    world.run(0.1)
    world.drop_carrier("umts")
    assert world.state == "WAITING"
    world.run(1.0)
    assert len(world.speech("mn.wifi", "home", since=world.now - 0.5)) == 25
    assert len(world.speech("home", "mn.wifi", since=world.now - 0.5)) == 25
    assert world.flow(since=3.0) == []
    world.restore("umts")
    world.run_until(lambda: is_done(world))
    world.settle()
    world.assert_nothing_left()


def test_who_is_on_hold_can_not_be_learned_and_asks_at_once() -> None:
    """RFC 3264 8.4: it does not send."""
    world = World("media-handover")
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    session.reinvite((session.local_sdp or b"") + b"a=sendonly\r\n", now=world.now)
    world.run(1.0)
    world.signal()
    assert world.flow(since=4.0) == ["INVITE mn.umts -> home"]
    world.run_until(lambda: is_done(world))
    assert world.speech("mn.umts", "home") == []


def test_hanging_up_in_mid_handover_ends_everything() -> None:
    world = falling()
    world.run(0.05)
    assert world.state == "LEARNING"
    world.hang_up("mn")
    world.settle()
    assert world.told("call_ended") == [{"status": 200}]
    assert not is_done(world)
    world.assert_nothing_left()


def test_it_is_done_on_equal_links_too() -> None:
    world = World("media-handover", wifi=Way(0.0015), umts=Way(0.0015))
    world.run(3.0)
    world.signal()
    assert world.run_until(lambda: is_done(world)) - 3.0 < 0.06
