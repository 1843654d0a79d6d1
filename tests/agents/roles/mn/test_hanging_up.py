"""The end of a call, from either side, in every state of a handover: nothing is left on any side (RFC 3261 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agents.world import LINK_DOWN, World

if TYPE_CHECKING:
    from collections.abc import Callable

GIVE_UP_S = 64 * 0.5


def calling() -> World:
    """The INVITE is on its way."""
    world = World(call_s=100.0)
    world.run(0.0)
    return world


def answered() -> World:
    """The 200 is on its way."""
    world = World(call_s=100.0)
    world.run_until(lambda: bool(world.cn._legs))
    return world


def idle() -> World:
    world = World(call_s=100.0)
    world.run(3.0)
    return world


def handing_over(state: str) -> Callable[[], World]:
    def make() -> World:
        world = World(call_s=100.0, is_umts_attached=state != "WAITING")
        world.run(3.0)
        world.signal()
        world.run_to(state)
        world.run(0.0005)  # a BYE is on its way
        return world

    return make


def invited() -> World:
    """The 200 to the Handover INVITE is on its way."""
    world = handing_over("INVITING")()
    world.run_until(lambda: bool(world.told("duplicating", "cn")))
    return world


def failed() -> World:
    world = idle()
    world.edits["200 INVITE"] = lambda data: data.replace(b"Require: handover\r\n", b"")
    world.signal()
    world.run_to("FAILED")
    return world


def breaking(state: str, *, scheme: str = "reinvite", is_refusing: bool = False) -> Callable[[], World]:
    """Break before make: the old link is gone."""

    def make() -> World:
        world = World(scheme, trigger=LINK_DOWN, is_umts_attached=False, call_s=100.0)
        world.run(3.0)
        world.wifi.is_refusing = is_refusing
        world.drop_carrier("wifi")
        world.run_until(lambda: world.state == state)
        return world

    return make


STATES: dict[str, Callable[[], World]] = {
    "calling": calling,
    "answered": answered,
    "idle": idle,
    "waiting": handing_over("WAITING"),
    "inviting": handing_over("INVITING"),
    "invited": invited,
    "proving": handing_over("PROVING"),
    "releasing": handing_over("RELEASING"),
    "done": handing_over("DONE"),
    "failed": failed,
    "broken, waiting": breaking("WAITING"),
    "broken and refusing, waiting": breaking("WAITING", is_refusing=True),
    "broken, moving": breaking("MOVING"),
    "broken, done": breaking("DONE"),
    "broken before the handover": breaking("REINVITING", scheme="handover-cn"),
}


HEALTHY = [name for name in STATES if "broken" not in name]


def is_over(world: World) -> bool:
    """Both sides have forgotten the call, and neither sends speech."""
    return not any((host.ua.sessions or host.media.legs) for host in world.hosts.values())


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("who", ["mn", "cn", "both"])
def test_hanging_up_with_links_that_work(who: str, name: str) -> None:
    """A round trip or two, and the call is over."""
    world = STATES[name]()
    if name == "calling" and who == "cn":
        return  # it knows of no call yet
    start = world.now
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.hang_up(host)
    world.run(0.0)
    over = world.run_until(lambda: is_over(world) and bool(world.told("call_ended")), 3.0)
    assert over - start < 1.0
    assert not any(line.is_lost for line in world.sent)
    world.settle(2 * GIVE_UP_S + 1.0)  # a transaction, and then the memory of the dialog that it ended
    assert len(world.told("call_ended")) == 1
    world.assert_nothing_left()


@pytest.mark.parametrize("name", ["done", "broken, done"])
@pytest.mark.parametrize("who", ["mn", "cn"])
def test_after_a_handover_both_sides_hang_up_over_the_new_link(who: str, name: str) -> None:
    """Nothing of it goes to the old address, by Handover header or by re-INVITE (RFC 3261 12.2.1.2)."""
    world = STATES[name]()
    world.run(1.0)
    since = world.now
    world.hang_up(who)
    world.settle()
    ends = ("mn.umts", "cn") if who == "mn" else ("cn", "mn.umts")
    assert world.flow(since) == ["BYE {} -> {}".format(*ends), "200 BYE {1} -> {0}".format(*ends)]


def test_who_does_not_end_the_call_talks_on() -> None:
    world = World(call_s=None)
    world.run(100.0)
    assert world.mn._call.is_up
    assert not world.told("hang_up")


@pytest.mark.parametrize("name", [name for name in STATES if name not in HEALTHY])
@pytest.mark.parametrize("who", ["mn", "cn", "both"])
def test_hanging_up_with_a_link_that_is_gone(who: str, name: str) -> None:
    """The node that moves ends the call over its new link; the other one can only wait for it."""
    world = STATES[name]()
    start = world.now
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.hang_up(host)
    over = world.run_until(lambda: is_over(world) and bool(world.told("call_ended")), GIVE_UP_S + 3.0)
    assert over - start < (3.0 if who == "mn" else GIVE_UP_S + 1.0)
    world.settle(2 * GIVE_UP_S + 1.0)
    assert len(world.told("call_ended")) == 1
    world.assert_nothing_left()


def test_hanging_up_with_no_link_at_all() -> None:
    """BYE goes out in vain for 64*T1 (RFC 3261 17.1.2.2); the peer can't know, until it hangs up itself."""
    world = breaking("WAITING")()
    world._due.clear()  # the radio does not find the network
    world.hang_up("mn")
    over = world.run_until(lambda: bool(world.told("call_ended")), GIVE_UP_S + 1.0)
    assert world.told("call_ended") == [{"status": 408}]
    assert not world.mn._call.has_sessions
    assert over < 3.0 + GIVE_UP_S + 1.0
    world.hang_up("cn")
    world.settle()
    world.assert_nothing_left()


def test_the_bye_of_a_user_in_a_hurry_waits_for_a_link_that_comes_in_time() -> None:
    """The radio is still attaching when the user hangs up: the BYE follows over the new link."""
    world = breaking("WAITING")()
    world.hang_up("mn")
    world.run_until(lambda: bool(world.told("call_ended")))
    assert world.flow(since=3.0) == ["BYE mn.wifi -x cn"] * 3 + ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    assert not world.speech("mn.wifi", "cn", since=3.1)


def test_a_call_that_is_taken_back_before_its_answer_came() -> None:
    """RFC 3261 9.1, 15: no CANCEL before a provisional response; the 200 is acknowledged and ended with BYE."""
    world = calling()
    world.hang_up("mn")
    world.settle()
    assert world.flow() == [
        "INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn",
        "BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi",
    ]  # fmt: skip
    assert not world.speech("mn.wifi", "cn")
    world.assert_nothing_left()


def test_a_handover_that_is_taken_back_before_its_answer_came() -> None:
    world = STATES["inviting"]()
    since = world.now
    world.hang_up("mn")
    world.settle()
    assert sorted(world.flow(since=since)) == sorted([
        "BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi", "603 INVITE cn -> mn.umts", "ACK mn.umts -> cn",
    ])  # fmt: skip
    assert not world.speech("mn.umts", "cn")
    world.assert_nothing_left()


def test_a_call_that_nobody_answers() -> None:
    world = World(call_s=100.0)
    world.lose("INVITE", times=-1)
    world.settle()
    assert world.told("call_ended") == [{"status": 408}]
    assert world.now < GIVE_UP_S + 1.0
    world.assert_nothing_left()


def test_a_call_that_is_hung_up_when_it_could_not_even_begin() -> None:
    world = World(is_wifi_attached=False, call_s=5.0)
    world.wifi.attach_s = None
    world.settle()
    assert world.flow() == []
    assert world.told("call_ended") == [{}]
    assert world.now == 5.0
    world.assert_nothing_left()


def test_a_call_over_a_link_that_refuses_to_send() -> None:
    """RFC 3261 8.1.3.1: as if answered with 503; the other one refuses too, and is asked once."""
    world = World()
    world.wifi.is_refusing = world.umts.is_refusing = True
    world.settle()
    assert world.told("call_again") == [{"link": "umts"}]
    assert world.told("call_ended") == [{"status": 503}]
    world.assert_nothing_left()


def test_a_bye_that_is_refused_by_the_system_goes_over_the_other_link_at_once() -> None:
    """The peer still has the dialog: that a BYE could not be sent does not end it."""
    world = STATES["proving"]()
    world.wifi.is_refusing = True
    released = world.run_to("RELEASING")
    world.run_to("DONE")
    assert world.flow(since=released) == ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    world.run(1.0)
    assert not world.speech("cn", "mn.wifi", since=world.now - 0.5)
    world.settle()
    world.assert_nothing_left()


def test_the_peer_hangs_up_while_its_200_waits_for_the_ack() -> None:
    """RFC 3261 15: no BYE before the ACK or the end of the wait for it; but nothing is sent any more."""
    world = World(call_s=100.0)
    world.lose("ACK", times=2)
    world.run(0.2)
    world.hang_up("cn")
    world.run(0.2)
    assert "BYE cn -> mn.wifi" not in world.flow()
    assert not world.speech("cn", "mn.wifi", since=0.2)
    world.settle()
    assert world.flow()[-2:] == ["BYE cn -> mn.wifi", "200 BYE mn.wifi -> cn"]
    world.assert_nothing_left()


def test_no_handover_of_a_call_that_is_being_hung_up() -> None:
    """RFC 3891 3: 603; else the new dialog would live on alone."""
    world = World(call_s=100.0)
    world.lose("ACK", times=3)
    world.run(0.2)
    world.hang_up("cn")
    world.signal()
    world.run(0.3)
    assert "603 INVITE cn -> mn.umts" in world.flow()
    world.settle()
    world.assert_nothing_left()
