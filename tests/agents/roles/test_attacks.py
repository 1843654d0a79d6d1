"""Requests, responses and speech from somebody who has listened: nobody's call moves, ends or is heard.

The lab carries out the same with real packets (tests/engine/test_attacks.py).
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from agents.roles.guards import PeerGuard
from agents.rtp.packet import RtpPacket
from agents.rtp.source import MediaSource
from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.address import Address
from agents.sip.message.handover import HandoverHeader
from agents.sip.message.message import Message, Request, Response
from tests.agents.world import ATTACKER, ATTACKER_IP, CN_IP, World

if TYPE_CHECKING:
    from agents.sip.session.session import Session

#: Where a request is forged, and what refuses it there: a challenge, or 403 for the wrong host.
DIRECT = [("cn", 401), ("mn", 403)]
BRIDGED = [("home", 407), ("cn", 403), ("mn", 403)]
EVERYWHERE = [("handover-cn", *one) for one in DIRECT] + [("handover-b2bua", *one) for one in BRIDGED]


def calling(scheme: str) -> World:
    world = World(scheme, is_guarded=True, supports_handover=scheme == "handover-cn")
    world.run(2.0)
    assert world.mn._call.is_up
    return world


def victim(world: World, host: str) -> Session:
    """The session of the MN's call at a host; at home the one with the MN."""
    sessions = world.hosts[host].ua.sessions
    return next(one for one in sessions if not one.is_caller or host == "mn")


def forged(method: str, session: Session, *extra: str, contact: str = ATTACKER_IP, cseq: int = 50) -> bytes:
    """A request in a dialog with all identifiers right, from somewhere else."""
    dialog = session.confirmed_dialog
    sdp = f"v=0\r\no=- 1 9 IN IP4 {contact}\r\ns=-\r\nc=IN IP4 {contact}\r\nt=0 0\r\nm=audio 4444 RTP/AVP 0\r\n"
    body = sdp if method == "INVITE" else ""
    lines = [
        f"{method} {session.contact} SIP/2.0", f"Via: SIP/2.0/UDP {ATTACKER_IP};branch=z9hG4bK{method}{cseq};rport",
        "Max-Forwards: 70", f"From: {dialog.remote}", f"To: {dialog.local}", f"Call-ID: {dialog.call_id}",
        f"CSeq: {cseq} {method}", f"Contact: <sip:mn@{contact}>", *extra,
        *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body,
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def handing_over(session: Session, *extra: str, call_id: str = "", branch: str = "a") -> bytes:
    """An INVITE that names a session, or a guess, and would have its media sent to the attacker."""
    dialog = session.confirmed_dialog
    named = str(HandoverHeader(call_id or dialog.call_id, dialog.local_tag, dialog.remote_tag or "0"))
    data = forged("INVITE", session, f"Handover: {named}", "Require: handover", "Supported: handover", *extra)
    head = re.sub(rb"To: (.*);tag=\S+", rb"To: \1", data)
    head = re.sub(rb"From: (.*);tag=\S+", rb"From: \1;tag=evil", head)
    return re.sub(rb"Call-ID: \S+", b"Call-ID: other-" + branch.encode(), head).replace(
        b"z9hG4bKINVITE50", b"z9hG4bK" + branch.encode()
    )


def credentials(world: World, host: str) -> str:
    """Those of another user, who has been challenged: right, and no use with somebody else's dialog."""
    world.forge(host, handing_over(victim(world, host), branch="challenge"))
    challenge = world.sent[-1].message
    assert isinstance(challenge, Response)
    client = DigestClient([Account("other", "else")], Random(9))
    ((name, value),) = client.answer(Request("INVITE", f"sip:{CN_IP}"), challenge, set())
    return f"{name}: {value}"


def assert_untouched(world: World) -> None:
    """The call goes on where it was, and its handover is still possible."""
    world.run(2.0)
    assert world.mn._call.is_up
    assert not [end for _, _, *end in world.spoken if "attacker" in end]
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    world.hang_up("mn")
    world.settle()
    world.assert_nothing_left()
    assert not [event for event in world.heard("mn") if type(event).__name__ == "Concealed"]


@pytest.mark.parametrize(("scheme", "host", "status"), EVERYWHERE)
@pytest.mark.parametrize("method", ["BYE", "INVITE"])
def test_who_knows_a_dialogs_identifiers_can_neither_end_nor_move_it(
    method: str, scheme: str, host: str, status: int
) -> None:
    world = calling(scheme)
    session = victim(world, host)
    target = session.confirmed_dialog.remote_target
    guard = world.hosts[host].ua._arrivals.guard
    assert isinstance(guard, PeerGuard)
    before = guard.refused[f"{status} {method}"]
    answers = world.forge(host, forged(method, session))
    assert f"{status} {method} {'mn.wifi' if host == 'mn' else host} -> attacker" in answers
    assert session.confirmed_dialog.remote_target == target
    assert guard.refused[f"{status} {method}"] == before + 1
    assert_untouched(world)


@pytest.mark.parametrize(("scheme", "host", "status"), [("handover-cn", "cn", 401), ("handover-b2bua", "home", 407)])
def test_a_handover_of_somebody_elses_dialog_is_refused(scheme: str, host: str, status: int) -> None:
    """RFC 3891 8, and the paper 4.3: challenged; 403 to another user; 481 to a guess; 401 to what was heard before."""
    world = calling(scheme)
    session = victim(world, host)
    assert f"{status} INVITE {host} -> attacker" in world.forge(host, handing_over(session, branch="sniffed"))
    guessed = handing_over(session, branch="guessed", call_id="nothing@example")
    assert f"{status} INVITE {host} -> attacker" in world.forge(host, guessed)
    heard = next(
        line.message for line in world.sent
        if line.label == "INVITE" and line.receiver == host and line.message is not None
        and ("authorization" in line.message.headers or "proxy-authorization" in line.message.headers)
    )  # fmt: skip
    name = "Authorization" if status == 401 else "Proxy-Authorization"
    replayed = handing_over(session, f"{name}: {heard.headers.get(name.lower())}", branch="replayed")
    assert f"{status} INVITE {host} -> attacker" in world.forge(host, replayed)
    assert "stale=true" in (world.message(f"{status} INVITE").headers.get_all(
        "www-authenticate" if status == 401 else "proxy-authenticate"
    )[0])  # fmt: skip
    own = credentials(world, host)
    assert f"403 INVITE {host} -> attacker" in world.forge(host, handing_over(session, own, branch="other"))
    assert_untouched(world)


def test_another_user_gets_481_for_a_guess() -> None:
    world = calling("handover-cn")
    own = credentials(world, "cn")
    data = handing_over(victim(world, "cn"), own, call_id="nothing@example")
    assert "481 INVITE cn -> attacker" in world.forge("cn", data)
    assert_untouched(world)


def test_an_authenticated_handover_takes_no_round_trip_more() -> None:
    """Paper 4.3: credentials go along at once when they are known. The call's first INVITE is challenged."""
    world = calling("handover-cn")
    set_up = [line for line in world.flow() if not line.startswith("100 ")]
    assert set_up[:4] == [
        "INVITE mn.wifi -> cn", "401 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn", "INVITE mn.wifi -> cn",
    ]  # fmt: skip
    world.signal()
    world.run_to("DONE")
    handover = [line for line in world.flow(since=2.0) if not line.startswith("100 ")]
    assert handover == [
        "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn", "BYE mn.wifi -> cn",
        "200 BYE cn -> mn.wifi",
    ]  # fmt: skip
    named = next(m for line in world.sent if (m := line.message) is not None and "handover" in m.headers)
    assert "authorization" in named.headers


@pytest.mark.parametrize("scheme", ["reinvite", "handover-cn", "handover-b2bua"])
def test_guards_let_the_owner_pass_when_the_old_link_is_gone(scheme: str) -> None:
    """Its requests then come from an address that nobody knew."""
    world = World(scheme, is_guarded=True, supports_handover=scheme == "handover-cn")
    world.run(2.0)
    world.cut("wifi", noticed_after=0.1)
    world.signal()
    world.run(8.0)
    world.run_to("DONE")
    assert world.mn._call.is_up
    world.hang_up("cn")
    world.settle()
    world.assert_nothing_left()


def test_a_cn_without_guard_believes_whoever_knows_the_identifiers() -> None:
    """The control: without a guard these attacks do succeed."""
    world = World("reinvite")
    world.run(2.0)
    assert "200 BYE cn -> attacker" in world.forge("cn", forged("BYE", victim(world, "cn")))
    assert not world.cn._legs


def test_two_handover_headers_or_one_in_a_dialog_are_a_bad_request() -> None:
    """RFC 3891 3: 400, whoever asks."""
    world = calling("handover-cn")
    session, more = victim(world, "cn"), f"Handover: {HandoverHeader('x', 'y', 'z')}"
    assert "400 INVITE cn -> attacker" in world.forge("cn", handing_over(session, more))
    assert "400 BYE cn -> attacker" in world.forge("cn", forged("BYE", session, more))
    assert_untouched(world)


def test_unknown_dialogs_cost_an_answer_each_and_leave_nothing() -> None:
    world = calling("handover-b2bua")
    session = victim(world, "home")
    for number in range(300):
        data = forged("INVITE", session, cseq=number + 60).replace(b"Call-ID: ", b"Call-ID: flood-%d-" % number)
        assert "481 INVITE home -> attacker" in world.forge("home", data)
    assert len(world.told("refused", "home")) == 300
    assert_untouched(world)


@pytest.mark.parametrize("label", ["200 INVITE", "420 INVITE", "603 INVITE"])
def test_a_response_from_another_host_than_was_asked_is_dropped(label: str) -> None:
    """Overheard branch and all, it would put the attacker in the peer's place."""
    world = World("handover-cn", is_guarded=True)
    world.lose("INVITE")
    world.run(0.1)
    invite = world.message("INVITE")
    contact = f"Contact: <sip:cn@{ATTACKER_IP}>\r\n"
    sdp = f"v=0\r\no=- 1 9 IN IP4 {ATTACKER_IP}\r\ns=-\r\nc=IN IP4 {ATTACKER_IP}\r\nt=0 0\r\nm=audio 4444 RTP/AVP 0\r\n"
    data = (
        f"SIP/2.0 {label.split(maxsplit=1)[0]} Yes\r\nVia: {invite.headers.get('via')}\r\nFrom: {invite.from_}\r\n"
        f"To: {invite.to};tag=evil\r\nCall-ID: {invite.call_id}\r\nCSeq: {invite.cseq}\r\n{contact}"
        f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
    ).encode()
    assert isinstance(Message.parse(data), Response)
    world.forge("mn", data)
    assert world.told("discarded")[-1]["reason"] == "response from another host"
    world.run(2.0)
    assert_untouched(world)


def test_a_cancel_from_another_host_is_of_no_effect() -> None:
    """RFC 3261 22.1: nobody can be challenged for it."""
    world = World("handover-b2bua", is_guarded=True, supports_handover=False)
    world.lose("200 INVITE", times=2)
    world.run_until(lambda: any(str(line) == "INVITE home -> cn" for line in world.sent))
    invite = next(line.message for line in reversed(world.sent) if str(line) == "INVITE home -> cn")
    assert invite is not None
    asked = next(line.message for line in reversed(world.sent) if str(line) == "INVITE mn.wifi -> home")
    assert isinstance(asked, Request)
    data = bytes(asked).replace(b"INVITE", b"CANCEL").split(b"\r\n\r\n")[0]
    data = re.sub(rb"(Content-Length:) \d+", rb"\1 0", re.sub(rb"Content-Type:.*\r\n", b"", data)) + b"\r\n\r\n"
    assert any(line.startswith("481 CANCEL") for line in world.forge("home", data))
    world.run(3.0)
    assert_untouched(world)


@pytest.mark.parametrize("host", ["mn", "cn"])
@pytest.mark.parametrize("is_sniffed", [False, True])
def test_speech_from_elsewhere_is_not_heard(host: str, *, is_sniffed: bool) -> None:
    world = calling("handover-cn")
    media = world.hosts[host].media
    leg = next(iter(media.legs.values()))
    expected = media.stray
    source = MediaSource(bytes(8000), start=0.0, random=Random(3))
    for packet in source.packets_to_send(now=0.5):
        data = bytearray(packet.data)
        if is_sniffed:  # the next numbers of the very stream
            known = RtpPacket.parse(world.last_speech["cn" if host == "mn" else "mn"])
            data[8:12] = known.ssrc.to_bytes(4, "big")
            data[2:4] = (known.sequence + 1).to_bytes(2, "big")
        for sender in (ATTACKER, Address(ATTACKER_IP, leg.remote.port), leg.remote._replace(port=9)):
            world.forge(host, bytes(data), leg.local, sender)
            expected += 1
    assert media.stray == expected
    assert_untouched(world)


def test_the_relay_takes_speech_from_the_legs_ends_only() -> None:
    world = calling("handover-b2bua")
    ports = list(world.b2bua._office.relays)
    (relay,) = set(world.b2bua._office.relays.values())
    before = len(world.speech("home", "cn"))
    for local in ports:
        world.forge("home", b"\x80\0\0\1" + bytes(168), local, ATTACKER)
    assert relay.dropped == len(ports) == 4, "two for speech, two for RTCP"
    assert len(world.speech("home", "cn")) == before
    assert_untouched(world)
