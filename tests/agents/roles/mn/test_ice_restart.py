"""`ice-restart`: other names and passwords by SIP, checks of the new way, and then media over it (RFC 8445 9)."""

from __future__ import annotations

from typing import Any

import pytest

from agents.ice.consent import EXPIRES_S
from agents.ice.ice_description import IceDescription
from agents.roles.mn.schemes.ice_restart import CHECKED_LIMIT_S
from agents.sdp.description import SessionDescription
from agents.sip.message.address import Address
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from tests.agents.air import Way
from tests.agents.roles.ice_relay import IceRelay, describe_check
from tests.agents.world import ATTACKER, HOME_IP, World

REINVITE = [
    "INVITE mn.umts -> home", "INVITE home -> cn", "200 INVITE cn -> home", "200 INVITE home -> mn.umts",
    "ACK mn.umts -> home", "ACK home -> cn",
]  # fmt: skip


def falling(*habits: str, **options: Any) -> World:  # noqa: ANN401 - World's
    """A call of three seconds' age whose WiFi gets weak."""
    world = World("ice-restart", ice=habits, **options)
    world.run(3.0)
    world.signal()
    return world


def is_done(world: World) -> bool:
    return bool(world.told("handover_done"))


def checks(world: World, *, since: float = 0.0) -> list[str]:
    return [line for at, line in world.turned if at >= since]


def ice_of(world: World, label: str, *, since: float, sender: str) -> IceDescription | None:
    found = (one for one in world.sent if one.at >= since and one.label == label and one.sender == sender)
    message: Any = next(found).message
    return IceDescription.read(SessionDescription.parse(message.body).media[0])


def assert_nobody_missed_anything(world: World) -> None:
    for name in ("mn", "cn"):
        assert world.hosts[name].media.stray == 0
    before, after = world.speech("mn.wifi", "home"), world.speech("mn.umts", "home")
    assert before + after == list(range(before[0], after[-1] + 1))


def test_a_call_is_made_and_nothing_is_said_before_there_is_a_pair() -> None:
    world = World("ice-restart")
    world.run(1.0)
    assert world.flow()[-1] == "ACK home -> cn"
    chart = checks(world)
    assert {"check mn.wifi -> home", "200 check home -> mn.wifi"} <= set(chart[:6])
    assert chart.count("nomination mn.wifi -> home") == 2  # RTP's and RTCP's
    (selected,) = world.told("ice_selected")
    assert selected == {"address": "10.0.1.1", "remote": f"{HOME_IP}:40000"}
    nominated_at = max(at for at, line in world.turned if line == "nomination mn.wifi -> home")
    first_at = min(at for at, _, sender, _ in world.spoken if sender == "mn.wifi")
    assert first_at > nominated_at
    assert world.speech("home", "mn.wifi") != []


def test_the_other_end_needs_no_ice_and_sees_none() -> None:
    world = falling()
    world.run_until(lambda: is_done(world))
    for at in (0.0, 3.0):
        assert ice_of(world, "INVITE", since=at, sender="home") is None
        assert ice_of(world, "200 INVITE", since=at, sender="cn") is None
        assert ice_of(world, "200 INVITE", since=at, sender="home") is not None


def test_media_go_over_the_old_pair_until_there_is_another_and_none_is_lost() -> None:
    world = falling()
    done = world.run_until(lambda: is_done(world))
    assert world.flow(since=3.0) == REINVITE
    last_on_old = max(at for at, _, sender, _ in world.spoken if sender == "mn.wifi")
    answered_at = max(one.at for one in world.sent if one.label == "ACK")
    assert answered_at < last_on_old
    assert done - last_on_old < 0.021
    world.run(1.0)
    assert_nobody_missed_anything(world)
    assert world.speech("home", "mn.umts") != []


def test_a_restart_has_other_names_other_passwords_and_the_new_link() -> None:
    world = falling()
    world.run_until(lambda: is_done(world))
    first, second = (ice_of(world, "INVITE", since=at, sender=by) for at, by in ((0.0, "mn.wifi"), (3.0, "mn.umts")))
    assert first is not None
    assert second is not None
    assert first.ufrag != second.ufrag
    assert first.pwd != second.pwd
    assert [one.address.ip for one in first.candidates] == ["10.0.1.1"] * 2
    assert [one.address.ip for one in second.candidates] == ["10.0.2.1"] * 2


def test_it_takes_four_round_trips_and_some_pacing() -> None:
    """The re-INVITE's, and for RTP and RTCP a check and a nomination: RTCP's begins when RTP's works (6.1.2.6)."""
    world = falling(umts=Way(0.110))
    done = world.run_until(lambda: is_done(world))
    assert 3.0 + 4 * 0.220 <= done <= 3.0 + 4 * 0.220 + 2 * 0.050


def test_the_way_back_is_another_restart() -> None:
    world = falling()
    world.run(4.0)
    world.signal(-40.0)
    world.signal(link="umts")
    world.run_until(lambda: len(world.told("handover_done")) == 2)
    world.run(1.0)
    assert [one["address"] for one in world.told("ice_selected")] == ["10.0.1.1", "10.0.2.1", "10.0.1.1"]
    assert world.speech("mn.wifi", "home", since=world.now - 0.5) != []
    assert world.speech("home", "mn.wifi", since=world.now - 0.5) != []


def test_a_call_ends_with_nothing_left() -> None:
    world = falling(call_s=6.0)
    world.settle()
    assert world.told("call_ended") == [{"status": 200}]
    assert not [line for at, line in world.turned if at > 7.5]


def test_a_peer_without_ice_has_the_ordinary_reinvite_and_the_log_says_so() -> None:
    world = falling("absent", "absent")
    world.run_until(lambda: is_done(world))
    world.run(0.2)
    assert world.flow(since=3.0) == REINVITE
    assert world.told("ice_absent")[0] == {"why": "no ICE in the answer"}
    assert world.state == "REINVITING"
    world.run(1.0)
    assert world.speech("mn.umts", "home") != []
    assert_nobody_missed_anything(world)


@pytest.mark.parametrize(("habit", "why"), [("absent", "no ICE in the answer"), ("bare", "none of 0 candidates")])
def test_one_that_has_lost_it_since_is_moved_to_by_its_answer(habit: str, why: str) -> None:
    world = falling("", habit)
    world.run_until(lambda: is_done(world))
    (told,) = world.told("ice_absent")
    assert told["why"].startswith(why)
    world.run(1.0)
    assert world.speech("mn.umts", "home", since=world.now - 0.5) != []


@pytest.mark.parametrize("habit", ["silent", "secret"])
def test_checks_that_nobody_answers_leave_media_where_they_are(habit: str) -> None:
    """Silence, or a peer to whom our password is wrong: its 401 is not signed, so it is none (RFC 8489 9.1.4)."""
    world = falling("", habit)
    world.run_until(lambda: world.state == "FAILED")
    assert 3.0 + CHECKED_LIMIT_S < world.now < 3.3 + CHECKED_LIMIT_S
    assert world.told("handover_failed")[0]["why"] == "no pair was found to work"
    assert world.speech("mn.umts", "home") == []
    recent = world.speech("mn.wifi", "home", since=world.now - 0.5)
    assert len(recent) >= 24
    failed_at = world.now
    world.run_until(lambda: world.state == "OFFERING")  # the next try, with a relay that has come to its senses
    assert world.now == pytest.approx(failed_at + 4.0, abs=0.03)
    world.run_until(lambda: is_done(world))
    assert [one["address"] for one in world.told("ice_selected")] == ["10.0.1.1", "10.0.2.1"]


def test_a_password_that_is_wrong_is_refused_and_counted() -> None:
    world = falling("", "secret", call_s=5.0)
    world.run(8.0)
    assert "401 check home -> mn.umts" in checks(world)
    (refused,) = world.told("ice_refused")
    assert refused["an_answer_that_the_peer_has_not_signed"] >= 4


def test_two_who_both_nominate_agree_on_one() -> None:
    world = falling("same role")
    world.run_until(lambda: is_done(world))
    assert any(line.startswith("487 check") for line in checks(world, since=0.0))
    world.run(1.0)
    assert_nobody_missed_anything(world)


@pytest.mark.parametrize("label", ["check", "200 check", "nomination"])
def test_what_is_lost_of_the_checks_is_sent_again(label: str) -> None:
    world = World("ice-restart")
    world.run(3.0)
    world.lose(label, on="umts", times=3)
    world.signal()
    world.run_until(lambda: is_done(world))
    world.run(1.0)
    assert_nobody_missed_anything(world)


def test_answers_that_come_after_the_check_was_sent_again_count() -> None:
    world = falling(umts=Way(0.7))
    world.run_until(lambda: is_done(world))
    assert checks(world, since=3.0).count("check mn.umts -> home") > 2
    world.run(2.0)
    assert world.speech("home", "mn.umts") != []


def test_a_new_link_that_goes_while_it_is_checked_leaves_media_on_the_old_one() -> None:
    world = falling()
    world.run_to("CHECKING")
    world.cut("umts", noticed_after=0.1)
    world.run_until(lambda: world.state == "FAILED")
    assert world.speech("mn.wifi", "home", since=world.now - 0.5) != []
    assert world.speech("home", "mn.wifi", since=world.now - 0.5) != []


def test_a_peer_that_has_fallen_silent_is_sent_to_for_thirty_seconds_more() -> None:
    """RFC 7675 5.1."""
    world = World("ice-restart", call_s=60.0)
    world.run(3.0)
    relay = world.hosts["home"].role
    assert isinstance(relay, IceRelay)
    relay.habit = "silent"
    world.run_until(lambda: bool(world.told("ice_consent_lost")))
    assert 3.0 + EXPIRES_S - 6.2 < world.now < 3.0 + EXPIRES_S
    world.run(12.0)
    last = max(at for at, _, sender, _ in world.spoken if sender == "mn.wifi")
    assert last < world.now - 5
    world.hang_up("mn")
    world.run(1.0)
    (unsent,) = world.told("ice_unsent")
    assert unsent["packets"] > 250


def test_consent_is_asked_for_every_four_to_six_seconds() -> None:
    world = World("ice-restart", call_s=40.0)
    world.run(30.0)
    asked = [at for at, line in world.turned if line == "check mn.wifi -> home" and at > 1.0]
    assert 2 * 4 <= len(asked) <= 2 * 7


@pytest.mark.parametrize("name", [b"guess:guess", None, b""])
def test_a_stranger_s_checks_are_refused_counted_and_move_nothing(name: bytes | None) -> None:
    world = World("ice-restart", call_s=6.0)
    world.run(3.0)
    ours = ice_of(world, "INVITE", since=0.0, sender="mn.wifi")
    assert ours is not None
    named = ours.ufrag.encode() + b":x" if name == b"" else name  # who has overheard it has no password
    for number in range(40):
        attributes = [(int(Attribute.PRIORITY), bytes(4)), (int(Attribute.USE_CANDIDATE), b"")]
        if named is not None:
            attributes.append((Attribute.USERNAME, named))
        forged = StunMessage(MessageClass.REQUEST, Method.BINDING, number.to_bytes(12, "big"), tuple(attributes))
        data = forged.to_bytes(None if named is None else b"guess", has_fingerprint=True)
        world.mn.receive_datagram(data, local=Address("10.0.1.1", 20000), remote=ATTACKER, now=world.now)
        (answer,) = world.mn._call.media_to_send()
        assert describe_check(answer.data) == ("400 check" if named is None else "401 check")
        assert answer.remote == ATTACKER
        assert len(answer.data) <= len(data)
    world.run(2.0)
    assert len(world.told("ice_selected")) == 1
    world.hang_up("mn")
    world.run(2.0)
    (refused,) = world.told("ice_refused")
    assert list(refused.values()) == [40]


def test_a_peer_s_reinvite_is_answered_with_the_same_names() -> None:
    world = World("ice-restart")
    world.run(3.0)
    ours = ice_of(world, "INVITE", since=0.0, sender="mn.wifi")
    checks_of = world.mn._call.checks
    assert checks_of is not None
    offer = SessionDescription.parse(world.mn._call.current.remote_sdp or b"")
    answer = SessionDescription.parse(bytes(world.mn._call._sent[world.mn._call.current]))
    bare = SessionDescription.build(
        *[
            line
            for line in bytes(answer).decode().split("\r\n")
            if line and "candidate" not in line and "ice-" not in line
        ]
    )
    checks_of.repeat(bare, bytes(offer), now=world.now)
    assert IceDescription.read(bare.media[0]) == ours
    assert not checks_of.is_restarting
