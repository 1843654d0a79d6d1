"""What can go wrong with a dialog that stands by: each ends in a call or a clean end, with nothing left."""

from __future__ import annotations

import pytest

from agents.rtp.playout_events import Concealed, Played
from tests.agents.air import Way
from tests.agents.world import World

#: Packets keep their order on it, as on the links of the lab.
STEADY = Way(0.110, 0.002)


def call(copies: str = "on-silence", **how: object) -> World:
    return World("handover-standby", copies=copies, umts=STEADY, **how)  # type: ignore[arg-type]


def lost(world: World, host: str) -> set[int]:
    """The packets that the listener never heard, as if not all of a word had been said."""
    played = {event.sequence for event in world.heard(host) if isinstance(event, Played)}
    return set(range(min(played), max(played))) - played


def end(world: World) -> None:
    world.settle()
    world.assert_nothing_left()


def test_the_invite_is_lost_once() -> None:
    world = call()
    world.lose("INVITE", on="umts")
    world.run(3.0)
    assert world.state == "READY"
    end(world)


def test_the_answer_is_lost_once() -> None:
    world = call()
    world.lose("200 INVITE", on="umts")
    world.run(3.0)
    assert world.state == "READY"
    end(world)


def test_nobody_answers_and_the_call_moves_all_the_same() -> None:
    world = call()
    world.lose("INVITE", on="umts", times=8)
    world.run(2.0)
    world.signal()
    assert world.state == "INVITING", "it is asked for already"
    world.run(36.0)
    world.signal()
    end(world)


def test_a_peer_without_room_refuses_and_the_call_moves_by_a_reinvite() -> None:
    world = call(room={"cn": 0})
    world.run(3.0)
    (refused, *_) = world.told("standing_refused")
    assert refused["status"] == 420
    assert world.state == "REFUSED"
    world.cut("wifi", noticed_after=1.7)
    world.run(6.0)
    assert world.mn._call.link.name == "umts"
    assert "INVITE mn.umts -> cn" in world.flow(since=4.0)
    end(world)


def test_a_peer_that_knows_nothing_of_it_is_called_without() -> None:
    world = call(supports_handover=False)
    world.run(3.0)
    assert world.state == "REFUSED"
    world.signal()
    world.run(3.0)
    assert world.mn._call.link.name == "umts"
    end(world)


def test_it_is_challenged() -> None:
    world = call(is_guarded=True)
    world.run(3.0)
    assert world.state == "READY"
    end(world)


def test_the_link_that_stands_by_dies_first_and_is_made_anew() -> None:
    world = call()
    world.run(3.0)
    world.drop_carrier("umts")
    world.run(3.0)
    assert world.state == "WAITING"
    assert "BYE mn.wifi -> cn" in world.flow(since=3.0)
    world.restore("umts")
    world.run(1.0)
    assert world.state == "READY"
    assert not lost(world, "mn")
    assert world.mn._call.link.name == "wifi"
    end(world)


def test_the_link_that_stands_by_is_silent_for_a_while_and_nobody_minds() -> None:
    world = call()
    world.run(3.0)
    world.cut("umts")
    world.run(5.0)
    world.links["umts"].is_cut = False
    world.run(3.0)
    assert world.told("silence") == world.told("silence", "cn") == []
    assert world.told("copies") == []
    end(world)


def test_the_peer_hangs_up_while_it_stands_by_and_its_byes_are_lost() -> None:
    world = call()
    world.run(3.0)
    world.lose("BYE", on="wifi", times=2)
    world.hang_up("cn")
    end(world)
    assert world.told("trigger") == []


def test_the_way_up_dies_alone() -> None:
    """The peer hears it, and says so over the other leg."""
    world = call()
    world.run(3.0)
    world.links["wifi"].up = Way(0.0015, 0.0, 1.0)
    world.run(4.0)
    assert not lost(world, "cn")
    missed = sum(event.duration for event in world.heard("cn") if isinstance(event, Concealed))
    assert 0.2 < missed < 0.4, "silence, there and back over UMTS"
    assert not [event for event in world.heard("mn") if isinstance(event, Concealed)]
    end(world)


def test_the_way_down_dies_alone() -> None:
    world = call()
    world.run(3.0)
    world.links["wifi"].down = Way(0.0015, 0.0, 1.0)
    world.run(4.0)
    assert not lost(world, "mn")
    assert not [event for event in world.heard("cn") if isinstance(event, Concealed)]
    end(world)


def test_a_silence_that_ends_by_itself_ends_the_copies() -> None:
    world = call()
    world.run(3.0)
    world.cut("wifi")
    world.run(0.4)
    world.links["wifi"].is_cut = False
    world.run(4.0)
    assert not lost(world, "mn")
    assert not lost(world, "cn")
    assert world.mn._call.link.name == "wifi"
    assert len(world.speech("cn", "mn.umts", since=world.now - 2.0)) <= 3
    assert len(world.speech("mn.umts", "cn", since=world.now - 2.0)) <= 3
    end(world)


def test_hold_and_resume() -> None:
    """Nothing is heard on hold, and that is no silence; nothing is sent to a leg that is on hold."""
    world = call(call_s=40.0)
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    ours = session.local_sdp
    assert ours is not None
    session.reinvite(ours + b"a=inactive\r\n", now=world.now)
    world.run(2.0)
    held = world.now
    world.run(3.0)
    assert world.told("silence") == world.told("silence", "cn") == []
    assert world.speech("mn.wifi", "cn", since=held) == []
    session.reinvite(ours, now=world.now)
    world.run(2.0)
    assert len(world.speech("mn.wifi", "cn", since=world.now - 1.0)) == 50
    end(world)


def test_a_hundred_breaks_in_one_call() -> None:
    world = call(call_s=300.0)
    world.run(3.0)
    for _ in range(100):
        world.cut("wifi")
        world.run(0.5)
        world.links["wifi"].is_cut = False
        world.run(2.0)
    assert not lost(world, "mn")
    assert not lost(world, "cn")
    assert len(world.told("said_again")) == 100
    assert len(world.told("copies_end")) == len(world.told("copies_end", "cn")) == 100, (
        "none for longer than it has to be"
    )
    world.hang_up("mn")
    end(world)


def test_numbers_wrap_while_something_is_said_again() -> None:
    world = call(call_s=400.0)
    world.run(0.5)
    for host in ("mn", "cn"):
        source = world.hosts[host].media._source
        assert source is not None
        source._first_sequence = (65536 - source.packets_sent - 181) & 0xFFFF  # the wrap is 3.6 s from now
    world.run(3.5)
    world.cut("wifi")
    world.run(0.5)
    world.links["wifi"].is_cut = False
    world.run(3.0)
    for host in ("mn", "cn"):
        played = [event.sequence for event in world.heard(host) if isinstance(event, Played) and event.at > 2.0]
        assert played == list(range(played[0], played[-1] + 1))
        assert played[0] >> 16 < played[-1] >> 16, "they did wrap"
    world.hang_up("mn")
    end(world)


def test_ping_pong() -> None:
    world = call(call_s=100.0, trigger={"on": "signal", "below": -60.0, "hysteresis": 2.0})
    world.run(3.0)
    for _ in range(10):
        world.signal(-70.0)
        world.run(3.0)
        world.signal(-50.0)
        world.run(3.0)
    assert len(world.told("handover_done")) == 20
    assert len([line for line in world.flow() if line.startswith("INVITE")]) == 2, "no message of SIP for any of them"
    assert not [event for event in world.heard("mn") + world.heard("cn") if isinstance(event, Concealed)]
    end(world)


@pytest.mark.parametrize("first", ["wifi", "umts"])
def test_both_links_go_and_one_comes_back(first: str) -> None:
    """With nowhere to go the call stays where it is, and is not sent to and fro meanwhile."""
    world = call(call_s=60.0)
    world.run(3.0)
    world.cut("wifi", noticed_after=0.5)
    world.cut("umts", noticed_after=0.7)
    world.run(1.5)
    assert len(world.told("handover_done")) <= 1
    world.restore(first)
    world.run(3.0)
    world.restore("umts" if first == "wifi" else "wifi")
    world.run(20.0)
    assert world.state == "READY"
    assert len(world.speech("cn", f"mn.{world.mn._call.link.name}", since=world.now - 1.0)) > 40
    end(world)


@pytest.mark.parametrize("copies", ["always", "at-risk", "on-silence"])
def test_session_timers_refresh_both(copies: str) -> None:
    world = call(copies, call_s=300.0, session_timer=90)
    world.run(250.0)
    assert world.state == "READY"
    assert not [line for line in world.flow() if "BYE" in line]
    refreshed = [line for line in world.flow(since=3.0) if line.startswith(("INVITE", "UPDATE"))]
    assert {line.partition(" ")[2] for line in refreshed} >= {"mn.wifi -> cn", "mn.umts -> cn"}
    end(world)
