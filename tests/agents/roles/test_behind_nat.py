"""The phone behind a NAT: it knows its address inside alone, and who is outside can send only to where it is seen."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.media.latching import Latches
from agents.media.leg import Leg
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.stun.stun_values import parse_xored
from tests.agents.roles.caller import CALLER, CN, STRANGER, Caller, credentials_for, media_to, message, sdp
from tests.agents.rtp.packets import build_packet
from tests.agents.translating import FakeNat
from tests.agents.world import LINK_DOWN, World

MAKE_BEFORE_BREAK = ("reinvite-soft", "handover-cn", "handover-standby", "handover-b2bua", "handover-standby-b2bua")
PACKET = build_packet(0, 1, 160, 7, bytes(160))
OUTSIDE = {"wifi": "192.0.2.101", "umts": "192.0.2.102"}
SEEN = Address("203.0.113.7", 40000)


def world(scheme: str, *, is_strict: bool, **more: object) -> World:
    """A call of which each link is behind a NAT of its own."""
    nats = {link: FakeNat(address, is_strict=is_strict) for link, address in OUTSIDE.items()}
    return World(scheme, nats=nats, is_guarded=True, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_strict", [True, False], ids=["strict", "open"])
@pytest.mark.parametrize("scheme", MAKE_BEFORE_BREAK)
def test_a_call_goes_over_to_another_link(scheme: str, is_strict: bool) -> None:
    one = world(scheme, is_strict=is_strict, call_s=12.0)
    one.run(4.0)
    one.signal()
    moved = one.run_until(lambda: bool(one.told("handover_done")))
    one.run(2.0)
    # Both are heard over the new link, and nobody sends to where the phone believes that it is.
    peer = "home" if scheme.endswith("b2bua") else "cn"
    assert len(one.speech(peer, "mn.umts", since=moved + 0.5)) > 60
    assert len(one.speech("mn.umts", peer, since=moved + 0.5)) > 60
    assert {datagram.remote.ip for datagram in one.refused} <= {*OUTSIDE.values()}
    one.settle()
    one.assert_nothing_left()
    assert one.flow()[-1].startswith("200 BYE")


def test_a_break_is_survived_by_a_re_invite() -> None:
    one = world("reinvite", is_strict=True, call_s=14.0, trigger=LINK_DOWN, is_umts_attached=False)
    one.run(4.0)
    one.cut("wifi", noticed_after=1.7)
    moved = one.run_until(lambda: bool(one.told("handover_done")))
    one.run(2.0)
    assert len(one.speech("cn", "mn.umts", since=moved + 0.5)) > 60
    one.settle()
    one.assert_nothing_left()


@pytest.mark.parametrize("scheme", ["handover-cn", "handover-b2bua"])
def test_who_is_called_hangs_up_at_where_the_phone_is_seen(scheme: str) -> None:
    """Its Contact is an address that leads nowhere."""
    one = world(scheme, is_strict=True, call_s=None)
    one.run(3.0)
    one.hang_up("cn")
    one.settle()
    one.assert_nothing_left()
    assert one.told("call_ended")
    assert not [datagram for datagram in one.refused if datagram.local.port == 5060]


def test_the_mapping_of_signalling_is_kept_as_often_as_the_peer_wants() -> None:
    """RFC 6223 4, 5: between 80 and 100 % of the 29 seconds that it has named."""
    one = world("handover-cn", is_strict=True, call_s=120.0)
    one.run(100.0)
    assert "keep" in dict(one.message("INVITE").via.params)
    assert one.message("200 INVITE").via.param("keep") == "29"
    asked = [at for at, way in one.kept if way == "mn.wifi -> cn"]
    assert len(asked) == len([way for _, way in one.kept if way == "cn -> mn.wifi"]) == len(one.kept) // 2
    gaps = [later - earlier for earlier, later in pairwise([0.0, *asked])]
    assert all(23.2 <= gap <= 29.1 for gap in gaps), gaps
    assert not one.told("flow_failed")
    one.settle()
    one.assert_nothing_left()


def test_without_a_nat_nobody_asks_for_it() -> None:
    one = World("handover-cn", is_guarded=True, call_s=120.0)
    one.run(100.0)
    assert one.message("INVITE").via.param("keep") is None
    assert one.kept == []


def test_a_peer_that_says_nothing_of_it_gets_none() -> None:
    """RFC 5626 8: what is not for SIP is sent to nobody who has not said that he takes it."""
    one = world("handover-cn", is_strict=True, call_s=120.0)
    one.edits["200 INVITE"] = lambda data: data.replace(b";keep=29", b"")
    one.edits["401 INVITE"] = one.edits["200 INVITE"]
    one.run(100.0)
    assert one.kept == []


def test_a_nat_that_has_forgotten_is_told_to_the_peer() -> None:
    """RFC 5626 4.4.2: another address is another flow, of which the peer hears by a re-INVITE that changes nothing."""
    one = world("handover-cn", is_strict=True, call_s=120.0)
    one.run(40.0)
    one.nats["wifi"].forget()
    failed = one.run_until(lambda: bool(one.told("flow_failed")))
    (told,) = one.told("flow_failed")
    was, seen = (told[name].rpartition(":") for name in ("was", "seen"))
    assert (was[0], seen[0], told["local"]) == (OUTSIDE["wifi"], OUTSIDE["wifi"], "10.0.1.1:5060")
    assert was[2] != seen[2]
    one.run(2.0)
    assert one.flow(since=failed) == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert len(one.speech("cn", "mn.wifi", since=failed + 1.0)) > 40
    heard = len(one.got["mn"])
    one.run(1.0)
    assert len(one.got["mn"]) - heard >= 49, "and comes in by the port that it has now"
    one.settle()
    one.assert_nothing_left()


def test_a_flow_that_answers_nothing_is_tried_by_a_re_invite() -> None:
    one = world("handover-cn", is_strict=True, call_s=150.0)
    one.run(20.0)
    keeper = one.mn._keep_alives
    assert keeper is not None
    keeper.receive = lambda data, *, now: None  # type: ignore[method-assign]
    failed = one.run_until(lambda: bool(one.told("flow_failed")), limit=100.0)
    assert one.told("flow_failed")[0]["seen"] is None
    one.run(2.0)
    assert one.flow(since=failed)[0] == "INVITE mn.wifi -> cn"


@pytest.mark.parametrize(
    "data", [b"\0\1", b"\1\1", b"\0\1" + bytes(18), b"\0\1\0\x08" + bytes(16), b"\1\1\0\0!\x12\xa4B" + bytes(12)]
)
def test_what_only_looks_like_a_keep_alive_is_counted_and_gets_no_answer(data: bytes) -> None:
    caller = Caller()
    caller.say(data, remote=STRANGER)
    assert caller.heard == []
    assert caller.node._ua.discarded["STUN, and no request for a binding"] == 1


def test_anybody_is_told_where_he_is_seen() -> None:
    caller = Caller()
    asked = StunMessage(MessageClass.REQUEST, Method.BINDING, bytes(12)).to_bytes()
    caller.say(asked, remote=SEEN)
    (answer,) = caller.heard
    told = StunMessage.parse(answer.data)
    assert answer.remote == SEEN
    assert parse_xored(told.get(Attribute.XOR_MAPPED_ADDRESS) or b"", told.transaction) == SEEN
    unknown = StunMessage(MessageClass.REQUEST, Method.BINDING, bytes(12), ((0x7777, b""),)).to_bytes()
    caller.say(unknown, remote=SEEN)
    assert StunMessage.parse(caller.heard[-1].data).kind is MessageClass.ERROR


def test_nothing_is_sent_before_it_is_known_where_to() -> None:
    """A port that is guessed may be somebody else's, where they share an address."""
    caller = Caller(realm="example", users={"mn": "secret"})
    called(caller, seen=SEEN)
    assert media_to(caller.wait(0.5)) == set()
    speak(caller, Address(SEEN.ip, 40002))
    assert {one.remote for one in caller.wait(0.5) if one.local.port == 30000} == {Address(SEEN.ip, 40002)}


def test_neither_another_host_nor_a_later_packet_has_the_media() -> None:
    """RFC 7362 4: the host that signalling came from, and of it the first one."""
    caller = Caller(realm="example", users={"mn": "secret"})
    called(caller, seen=SEEN)
    speak(caller, Address(STRANGER.ip, 6000))
    assert media_to(caller.wait(0.5)) == set()
    speak(caller, Address(SEEN.ip, 40002))
    speak(caller, Address(SEEN.ip, 40004))
    speak(caller, Address(STRANGER.ip, 6000))
    assert {one.remote for one in caller.wait(0.5) if one.local.port == 30000} == {Address(SEEN.ip, 40002)}


def test_who_has_not_proved_who_he_is_gets_nothing_but_where_he_said() -> None:
    caller = Caller()
    inside = message("INVITE", body=sdp(CALLER.ip, 6000))
    (answer,) = caller.say(inside, remote=SEEN)
    assert answer.status == 200
    speak(caller, Address(SEEN.ip, 40002))
    assert media_to(caller.wait(0.5)) == {CALLER.ip}


def test_media_elsewhere_than_signalling_are_no_nat() -> None:
    """As by way of a relay: what is announced is an address outside, and is believed."""
    caller = Caller(realm="example", users={"mn": "secret"})
    called(caller, seen=SEEN, media="198.51.100.77")
    assert media_to(caller.wait(0.5)) == {"198.51.100.77"}


def test_an_end_is_learnt_anew_when_signalling_comes_from_another_place_and_only_then() -> None:
    latches, leg = Latches(), Leg(Address(CN.ip, 30000), Address("10.0.0.2", 20000))
    first, second = Address(SEEN.ip, 40002), Address(SEEN.ip, 40010)
    latches.expect(leg, SEEN)
    assert latches.inner(PACKET, leg.local, first) == leg.remote
    latches.expect(leg, SEEN)
    assert latches.inner(PACKET, leg.local, second) == second
    latches.expect(leg, Address(SEEN.ip, 40008))
    assert latches.inner(PACKET, leg.local, second) == leg.remote
    assert latches.outward([Datagram(leg.local, leg.remote, PACKET)]) == [Datagram(leg.local, second, PACKET)]
    assert latches.latched == 2
    latches.forget(leg.local)
    assert latches.inner(PACKET, leg.local, second) == second


@pytest.mark.parametrize("data", [b"", b"\x80", b"INVITE sip:cn", bytes(20)])
def test_what_is_no_media_teaches_nothing(data: bytes) -> None:
    latches, leg = Latches(), Leg(Address(CN.ip, 30000), Address("10.0.0.2", 20000))
    latches.expect(leg, SEEN)
    came = Address(SEEN.ip, 40002)
    assert latches.inner(data, leg.local, came) == came
    assert latches.outer(leg.local, leg.remote) is None


def called(caller: Caller, *, seen: Address, media: str = CALLER.ip) -> None:
    """A call of a user who proves who he is, from behind a NAT."""
    body = sdp(media, 6000)
    (challenge,) = caller.say(message("INVITE", branch="first", body=body), remote=seen)
    own = credentials_for(challenge)
    (answer,) = caller.say(message("INVITE", branch="second", cseq=2, more=own, body=body), remote=seen)
    assert answer.status == 200
    ack = message("ACK", cseq=2, branch="own", to_tag=answer.to.tag or "", more=own)
    assert caller.say(ack, remote=seen) == []


def speak(caller: Caller, source: Address) -> None:
    """A packet of speech comes to the node."""
    local = Address(CN.ip, 30000)
    caller.node.receive_datagram(PACKET, local=local, remote=source, now=caller.now)
    caller.take()
