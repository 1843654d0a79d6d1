"""Who may call and hand over (paper, section 4.3; RFC 3261 22, RFC 3891 8), and a B2BUA that has forgotten all."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from agents.roles.b2bua.back_to_back import BackToBack
from agents.roles.mn.call.own_accounts import own_credentials
from tests.agents.air import Host
from tests.agents.world import HOME_IP, World

from .charts import ALL_MODES, GIVE_UP_S, assert_ended, assert_ends, assert_talks, calls, in_a_call

BEHIND_HOME = ["cn behind home", "home"]
HOME = {
    "address": HOME_IP,
    "realm": "home.example",
    "users": {"mn": "secret", "other": "else"},
    "always_bridges": False,
}


def become(world: World, user: str, password: str) -> Any:  # noqa: ANN401
    """The MN sends these credentials from now on; returns those that it had."""
    core = world.mn._call.ua._core
    before, core.credentials = (
        core.credentials,
        own_credentials([{**HOME, "user": user, "password": password}], None, Random(5)),
    )
    return before


def restart(world: World) -> None:
    """Another process in the B2BUA's place: no dialog, no nonce, no media port."""
    world.b2bua = BackToBack(HOME, Random("again"))
    world.hosts["home"] = Host(world.b2bua)
    world._flush()


@pytest.mark.parametrize("mode", BEHIND_HOME)
def test_a_stale_nonce_in_mid_call_costs_a_round_trip(mode: str) -> None:
    """RFC 7616 3.3: challenged again with stale=true, answered once; the handover and both BYEs go through."""
    world = in_a_call(mode)
    world.b2bua.guard._users._lifetime = 0.5
    users = world.b2bua.guard._users
    users._seen.clear()
    users._secret = b"another one"  # all nonces from before are of no use any more
    world.signal()
    world.run_to("DONE")
    chart = calls(world, 3.0)
    assert chart[:4] == [
        "INVITE mn.umts -> home", "407 INVITE home -> mn.umts", "ACK mn.umts -> home", "INVITE mn.umts -> home",
    ]  # fmt: skip
    challenge = world.message("407 INVITE")
    assert "stale=true" in (challenge.headers.get("proxy-authenticate") or "")
    assert chart.count("407 INVITE home -> mn.umts") == 1
    world.run(1.0)
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("scheme", ["handover-b2bua", "reinvite"])
def test_the_ack_of_a_challenge_is_for_nobody_and_no_fault(scheme: str) -> None:
    """8.2.7: of a refusal without a transaction, for a new dialog or in one, and of the CN's 420 too."""
    world = World(scheme, home=True, supports_handover=False, call_s=20.0)
    world.run(3.0)
    users = world.b2bua.guard._users
    users._lifetime = 0.5
    users._seen.clear()
    users._secret = b"another one"
    world.signal()
    world.run_until(lambda: bool(world.told("handover_done")))
    chart = calls(world)
    refusals = [line for line in chart if line[:3] in {"401", "407", "420"}]
    assert len(refusals) >= 3
    assert len([line for line in chart if line.startswith("ACK")]) > len(refusals)
    assert [world.told("discarded", host) for host in world.hosts] == [[], [], []]
    assert_ends(world)


@pytest.mark.parametrize(("user", "password"), [("mn", "wrong"), ("nobody", "secret")])
def test_a_wrong_password_makes_no_call(user: str, password: str) -> None:
    """One challenge is answered, the second one is the end (RFC 3261 22.2)."""
    world = World(is_wifi_attached=False, home=True)
    become(world, user, password)
    world.restore("wifi")
    world.run(1.0)
    assert calls(world) == [
        "INVITE mn.wifi -> home", "407 INVITE home -> mn.wifi", "ACK mn.wifi -> home",
        "INVITE mn.wifi -> home", "407 INVITE home -> mn.wifi", "ACK mn.wifi -> home",
    ]  # fmt: skip
    assert world.told("call_ended") == [{"status": 407}]
    assert_ended(world, within=0.0)


@pytest.mark.parametrize("mode", BEHIND_HOME)
def test_another_user_can_not_take_a_call_over(mode: str) -> None:
    """RFC 3891 8: 403; and the dialog that was named is as it was."""
    world = in_a_call(mode)
    before = become(world, "other", "else")
    world.signal()
    world.run_to("FAILED")
    world.mn._call.ua._core.credentials = before
    assert calls(world, 3.0) == [
        "INVITE mn.umts -> home", "407 INVITE home -> mn.umts", "ACK mn.umts -> home",
        "INVITE mn.umts -> home", "403 INVITE home -> mn.umts", "ACK mn.umts -> home",
    ]  # fmt: skip
    assert not world.speech("home", "mn.umts")
    assert not world.speech("cn", "mn.umts")
    assert_talks(world, "wifi")
    assert_ends(world)


@pytest.mark.parametrize("mode", BEHIND_HOME)
def test_another_user_can_not_end_or_move_a_call(mode: str) -> None:
    """403 for a BYE and a re-INVITE in somebody else's dialog."""
    world = in_a_call(mode)
    before = become(world, "other", "else")
    session = world.mn._call.current
    session.reinvite(session.local_sdp, now=world.now)
    world.run(0.2)
    world.mn._call.ua._core.credentials = before
    assert "403 INVITE home -> mn.wifi" in world.flow()
    assert_talks(world, "wifi")
    assert_ends(world)


@pytest.mark.parametrize("mode", [*BEHIND_HOME, "proactive"])
def test_after_a_restart_hanging_up_ends_the_call(mode: str) -> None:
    """481 to each BYE (RFC 3261 15.1.2); media in bridged mode stop at closed ports, the rest of the call as it was."""
    world = in_a_call(mode)
    restart(world)
    since = world.now
    world.run(2.0)
    assert not world.speech("home", "cn", since=since + 0.1)
    assert not world.speech("home", "mn.wifi", since=since + 0.1)
    world.hang_up("mn")
    world.hang_up("cn")
    assert_ended(world, within=1.0)
    assert "481 BYE home -> mn.wifi" in world.flow(since)
    assert "481 BYE home -> cn" in world.flow(since)


@pytest.mark.parametrize("mode", BEHIND_HOME)
def test_after_a_restart_a_handover_ends_the_call(mode: str) -> None:
    """481: the dialog that was to be handed over is not there any more, so there is no call to go on with."""
    world = in_a_call(mode)
    restart(world)
    since = world.now
    world.signal()
    world.run_until(lambda: bool(world.told("call_ended")), 3.0)
    assert calls(world, since) == [
        "INVITE mn.umts -> home", "407 INVITE home -> mn.umts", "ACK mn.umts -> home",
        "INVITE mn.umts -> home", "481 INVITE home -> mn.umts", "ACK mn.umts -> home",
        "BYE mn.wifi -> home", "481 BYE home -> mn.wifi",
    ]  # fmt: skip
    world.hang_up("cn")
    assert_ended(world, within=1.0)


@pytest.mark.parametrize("mode", [*BEHIND_HOME, "proactive"])
def test_after_a_restart_a_move_ends_the_call(mode: str) -> None:
    """The old link is gone: re-INVITE, 481, and the dialog is over (RFC 3261 12.2.1.2)."""
    world = in_a_call(mode)
    restart(world)
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("call_ended")), GIVE_UP_S + 3.0)
    world.hang_up("cn")
    assert_ended(world, within=1.0)


@pytest.mark.parametrize("mode", BEHIND_HOME)
@pytest.mark.parametrize("state", ["INVITING", "PROVING", "RELEASING"])
def test_a_restart_in_mid_handover(mode: str, state: str) -> None:
    world = in_a_call(mode)
    world.signal()
    world.run_to(state)
    restart(world)
    world.run(3.0)
    world.hang_up("mn")
    world.hang_up("cn")
    assert_ended(world, within=GIVE_UP_S + 2.0)


def test_every_mode_is_covered() -> None:
    assert set(ALL_MODES) == {"cn", "proactive", *BEHIND_HOME}
