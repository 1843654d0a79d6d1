"""`turn-mobility`: a server takes the media along by a ticket (RFC 8016), and SIP is told afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from agents.roles.mn.call.relayed_media import PATIENCE_S
from agents.roles.mn.schemes.turn_mobility import REFRESHED_LIMIT_S
from agents.sdp.description import SessionDescription
from tests.agents.roles.turn_server import TurnServer
from tests.agents.world import HOME_IP, World

REINVITE = ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]


def falling(server: TurnServer | None = None) -> World:
    """A call of three seconds' age whose WiFi gets weak."""
    world = World("turn-mobility", turn=server)
    world.run(3.0)
    world.signal()
    return world


def is_done(world: World) -> bool:
    return bool(world.told("handover_done"))


def turned(world: World, *, since: float = 0.0) -> list[str]:
    return [line for at, line in world.turned if at >= since]


def sdp_of(world: World, label: str, *, since: float) -> SessionDescription:
    message: Any = next(one.message for one in world.sent if one.at >= since and one.label == label)
    return SessionDescription.parse(message.body)


def test_the_call_is_made_when_the_server_has_given_addresses_and_the_offer_names_one() -> None:
    world = World("turn-mobility")
    world.run(1.0)
    assert turned(world)[:4] == [
        "Allocate mn.wifi -> home", "401 Allocate home -> mn.wifi",
        "Allocate mn.wifi -> home", "200 Allocate home -> mn.wifi",
    ]  # fmt: skip
    (media,) = sdp_of(world, "INVITE", since=0.0).media
    assert (media.address, media.port) == (HOME_IP, 40000)
    assert world.flow() == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert world.speech("cn", "home") != []
    assert world.speech("cn", "mn.wifi") == []


@pytest.mark.parametrize("odd", [False, True], ids=["as the RFC has it", "as coturn 4.6.1 does"])
def test_media_move_by_one_request_and_sip_follows(odd: bool) -> None:
    world = falling(TurnServer(HOME_IP, odd=odd))
    world.run_until(lambda: is_done(world))
    assert turned(world, since=3.0)[0] == "Refresh+ticket mn.umts -> home"
    before, after = world.speech("mn.wifi", "home"), world.speech("mn.umts", "home")
    assert before + after == list(range(before[0], after[-1] + 1))
    assert world.speech("home", "mn.umts")[0] == world.speech("home", "mn.wifi")[-1] + 1
    assert world.flow(since=3.0) == REINVITE
    moved, told = world.told("relay_moved"), world.told("handover_done")
    assert len(moved) == len(told) == 1


def test_the_reinvite_changes_the_contact_and_no_description() -> None:
    world = falling()
    world.run_until(lambda: is_done(world))
    assert bytes(sdp_of(world, "INVITE", since=3.0)) == bytes(sdp_of(world, "INVITE", since=0.0))
    message: Any = next(one.message for one in world.sent if one.at >= 3.0 and one.label == "INVITE")
    assert message.contact.uri == "sip:mn@10.0.2.1:5060"


def test_nobody_hears_a_packet_less() -> None:
    world = falling(TurnServer(HOME_IP, odd=True))
    world.run(5.0)
    for name in ("mn", "cn"):
        receiver = world.hosts[name].media.receiver
        first = sum(receiver.filter.count(path).first for path in receiver.filter.paths)
        sent = len(world.speech("cn" if name == "mn" else "mn.wifi", "home"))
        sent += 0 if name == "mn" else len(world.speech("mn.umts", "home"))
        # What is on its way over UMTS; and of what is said, packets that overtake the Refresh (RFC 8016 3.2.2).
        assert sent - first <= (7 if name == "mn" else 9)
        assert world.hosts[name].media.stray == 0


def test_it_is_given_back_when_the_call_is_over() -> None:
    server = TurnServer(HOME_IP)
    world = World("turn-mobility", turn=server, call_s=2.0)
    world.run(4.0)
    assert turned(world)[-2:] == ["200 Refresh home -> mn.wifi"] * 2
    assert server.held == []


def test_the_way_back_works_with_the_ticket_of_the_second_answer() -> None:
    server = TurnServer(HOME_IP, odd=True)
    world = falling(server)
    world.run(3.0)
    since = world.now
    world.signal(-40.0)
    world.signal(link="umts")
    world.run_until(lambda: len(world.told("handover_done")) == 2)
    assert turned(world, since=since)[0] == "Refresh+ticket mn.wifi -> home"
    assert {held.client.ip for held in server.held} == {"10.0.1.1"}


def test_without_an_answer_the_call_is_made_with_media_of_its_own() -> None:
    world = World("turn-mobility", turn=TurnServer(HOME_IP, silent=True))
    world.run(PATIENCE_S + 1.0)
    (at,) = (one.at for one in world.sent if one.label == "INVITE")
    assert at == pytest.approx(PATIENCE_S, abs=0.01)
    assert len(world.told("relay_lost")) == 1
    assert world.speech("cn", "mn.wifi") != []


@pytest.mark.parametrize("code", [403, 405, 486, 508])
def test_refused_an_address_the_call_is_made_at_once_and_handed_over_by_a_reinvite(code: int) -> None:
    world = falling(TurnServer(HOME_IP, refuses={"Allocate": code}))
    world.run_until(lambda: is_done(world))
    (lost,) = world.told("relay_lost")
    assert lost == {"status": code}
    assert world.flow(since=3.0) == REINVITE
    assert world.speech("cn", "mn.umts") != []


@pytest.mark.parametrize("code", [400, 404, 437])
def test_refused_a_move_media_are_taken_from_the_server_by_a_reinvite(code: int) -> None:
    world = falling(TurnServer(HOME_IP, refuses={"Refresh+ticket": code}))
    world.run_until(lambda: is_done(world))
    assert world.flow(since=3.0) == REINVITE
    (media,) = sdp_of(world, "INVITE", since=3.0).media
    assert media.address == "10.0.2.1"
    world.run(1.0)
    assert world.speech("cn", "mn.umts") != []
    assert world.speech("mn.umts", "cn") != []


def test_a_server_that_has_fallen_silent_costs_two_seconds() -> None:
    server = TurnServer(HOME_IP)
    world = World("turn-mobility", turn=server)
    world.run(3.0)
    server.silent = True
    world.signal()
    world.run_until(lambda: is_done(world))
    (at,) = (one.at for one in world.sent if one.label == "INVITE" and one.at > 3.0)
    assert at == pytest.approx(3.0 + REFRESHED_LIMIT_S, abs=0.03)
    world.run(1.0)
    assert world.speech("cn", "mn.umts") != []


def test_a_lost_refresh_is_sent_again() -> None:
    world = falling()
    world.lose("Refresh+ticket", on="umts", times=2)
    world.signal()
    world.run_until(lambda: is_done(world))
    assert world.flow(since=3.0) == REINVITE
