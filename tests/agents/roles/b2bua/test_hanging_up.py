"""Hanging up in every state of a call with a B2BUA, from either side or both at once (RFC 3261 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agents.world import World

from .charts import ALL_MODES, GIVE_UP_S, MODES, assert_ended, calls, in_a_call, is_ended

if TYPE_CHECKING:
    from collections.abc import Callable

BEHIND_HOME = [mode for mode in MODES if mode != "cn"]


def sent(line: str, mode: str) -> World:
    """A call that is being set up: this message has just left."""
    world = World(**{"call_s": 200.0, **ALL_MODES[mode]})
    if line not in world.flow():
        world.run_until(lambda: line in world.flow(), 2.0)
    return world


def second_invite(world: World) -> bool:
    return world.flow().count("INVITE home -> cn") == 2


def calling_again(mode: str) -> World:
    """The B2BUA has just sent its INVITE without the extension."""
    world = sent("420 INVITE cn -> home", mode)
    world.run_until(lambda: second_invite(world), 1.0)
    return world


def handing_over(state: str, mode: str) -> World:
    world = in_a_call(mode, is_umts_attached=state != "WAITING")
    world.signal()
    world.run_to(state)
    world.run(0.0005)
    return world


def invited(mode: str) -> World:
    """The 200 to the Handover INVITE is on its way."""
    world = in_a_call(mode)
    world.signal()
    world.run_until(lambda: "200 INVITE home -> mn.umts" in world.flow(), 2.0)
    return world


def passed_on(mode: str) -> World:
    """The Handover INVITE is between the B2BUA and the CN."""
    world = in_a_call(mode)
    world.signal()
    world.run_until(lambda: world.flow().count("INVITE home -> cn") == 2, 2.0)
    return world


STATES: dict[str, Callable[[str], World]] = {
    "challenged": lambda mode: sent("407 INVITE home -> mn.wifi", mode),
    "calling on": lambda mode: sent("INVITE home -> cn", mode),
    "answered by the peer": lambda mode: sent("200 INVITE cn -> home", mode),
    "answered": lambda mode: sent("200 INVITE home -> mn.wifi", mode),
    "idle": in_a_call,
    **{state: lambda mode, state=state: handing_over(state, mode)  # type: ignore[misc]
       for state in ("WAITING", "INVITING", "PROVING", "RELEASING", "DONE")},
    "invited": invited,
}  # fmt: skip
OF_PROACTIVE = ("ACTIVATING", "RELEASING", "DONE")


def hang_up_and_check(world: World, who: str) -> None:
    start = world.now
    if who == "cn" and not world.cn._legs:
        return  # it knows of no call yet
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.hang_up(host)
    world.run(0.0)
    if not is_ended(world) or not world.told("call_ended"):
        world.run_until(lambda: is_ended(world) and bool(world.told("call_ended")), 3.0)
    assert world.now - start < 1.5
    assert_ended(world, within=0.0)
    said = [at for at, *_ in world.spoken]
    assert not said or said[-1] < start + 1.5


@pytest.mark.parametrize("mode", BEHIND_HOME)
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("who", ["mn", "cn", "both"])
def test_hanging_up_with_links_that_work(mode: str, name: str, who: str) -> None:
    """A round trip or two over each hop, and the call is over on all three sides."""
    hang_up_and_check(STATES[name](mode), who)


@pytest.mark.parametrize("state", ["BACKING UP", "BACKED UP", *OF_PROACTIVE])
@pytest.mark.parametrize("who", ["mn", "cn", "both"])
def test_hanging_up_a_call_with_a_backup_session(state: str, who: str) -> None:
    if state == "BACKING UP":
        world = World(**{"call_s": 200.0, **ALL_MODES["proactive"]})
        world.run_to(state)
    else:
        world = in_a_call("proactive")
        if state in OF_PROACTIVE:
            world.signal()
            world.run_to(state)
    hang_up_and_check(world, who)
    assert world.state == "OVER"


@pytest.mark.parametrize("who", ["mn", "both"])
def test_the_call_is_taken_back_while_the_b2bua_calls_again(who: str) -> None:
    """Its first INVITE met a 420; the second one is on its way, and its 200 is acknowledged and ended (13.2.2.4)."""
    world = calling_again("home")
    world.lose("200 INVITE", on="wire")
    hang_up = world.now
    # A 100 lets the MN cancel (9.1); the peer's 200 comes again after T1.
    world.run(0.3)
    assert "100 INVITE home -> mn.wifi" in world.flow()
    for host in ("mn", "cn") if who == "both" else ("mn",):
        world.hang_up(host)
    world.run(0.1)
    assert calls(world, hang_up + 0.1)[:4] == [
        "CANCEL mn.wifi -> home", "487 INVITE home -> mn.wifi", "200 CANCEL home -> mn.wifi", "ACK mn.wifi -> home",
    ]  # fmt: skip
    assert_ended(world, within=2.0)
    end = [line for line in calls(world, hang_up + 0.41) if line != "INVITE home -> cn"]
    assert end[:2] == ["200 INVITE cn -> home", "ACK home -> cn"]
    assert ("BYE home -> cn" in end) or ("BYE cn -> home" in end)
    assert not world.told("bridging", "home")


def test_a_second_200_that_is_lost_and_cancelled_for_ever() -> None:
    """Nothing of the peer's comes any more: 64*T1 after the CANCEL it counts as cancelled (9.1)."""
    world = calling_again("home")
    world.lose("200 INVITE", on="wire", times=-1)
    world.run(0.3)
    world.hang_up("mn")
    world.run(1.0)
    assert world.told("call_ended")
    assert_ended(world, within=2 * GIVE_UP_S + 2.0)
