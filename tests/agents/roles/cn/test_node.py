"""The correspondent node, as any user agent meets it (paper 4.3; RFC 3261 8.2, 13.3, 14.2; RFC 3891 3)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from agents.media.leg import Leg
from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.roles.role import Note, Open, Tell
from agents.sip.message.address import Address
from agents.sip.message.handover import HandoverHeader
from agents.sip.session import events
from agents.sip.session.abilities import Abilities
from agents.sip.user_agent import Invitation, UserAgent
from tests.agents.sip.network import describe

if TYPE_CHECKING:
    from agents.roles.role import Command
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session

CN = Address("10.0.9.1", 5060)
WIFI, UMTS = Address("10.0.1.1", 5060), Address("10.0.2.1", 5060)


def offer(address: Address = WIFI, port: int = 4000, formats: str = "0", version: int = 1, more: str = "") -> bytes:
    lines = ["v=0", f"o=- 1 {version} IN IP4 10.0.1.1", "s=-", f"c=IN IP4 {address.ip}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP {formats}", *more.split()]
    return "".join(f"{line}\r\n" for line in lines).encode()


class Caller:
    """A user agent with two addresses, joined to the role by wires without delay. `chart` has the labels."""

    def __init__(
        self, *, supports_handover: bool = True, lists: tuple[str, ...] = ("handover",), room: int | None = None
    ) -> None:  # fmt: skip
        config = {"address": CN.ip, "supports_handover": supports_handover, "room": room}
        self.role = CorrespondentNode(config, b"speech", Random(2))
        self.ua = UserAgent(Random(1), Abilities(supported=lists))
        self.now = 0.0
        self.chart: list[str] = []
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.spoken: list[tuple[Address, Address, bytes]] = []
        self.is_deaf = False
        self.exchange()

    def call(
        self, body: bytes | None, local: Address = WIFI, *, require: bool = True, names: Session | None = None,
        call_id: str = "",
    ) -> Session:  # fmt: skip
        """An INVITE, with a Handover header if it `names` a session."""
        headers: tuple[tuple[str, str], ...] = ()
        if names is not None:
            dialog = names.confirmed_dialog
            headers = (("Handover", str(HandoverHeader.of(dialog.call_id, dialog.local_tag, dialog.remote_tag))),)
        invitation = Invitation(
            "sip:cn@10.0.9.1", "sip:mn@home", "sip:cn@home", contact=local, body=body, headers=headers,
            require=("handover",) if require else (), call_id=call_id,
        )  # fmt: skip
        session = self.ua.invite(invitation, local=local, remote=CN, now=self.now)
        self.exchange()
        return session

    def do(self, **command: object) -> None:
        self.role.receive_report(command, now=self.now)
        self.exchange()

    def run(self, seconds: float = 1.0) -> None:
        """Lets time pass."""
        end = self.now + seconds
        while (
            at := min((t for t in (self.ua.get_timer(), self.role.get_timer()) if t is not None), default=end)
        ) < end:
            self.now = max(self.now, at)
            self.ua.handle_timer(now=self.now)
            self.role.handle_timer(now=self.now)
            self.exchange()
        self.now = end

    def heard_from(self, port: int) -> list[bytes]:
        """Speech that came to a port of ours."""
        return [data for _, remote, data in self.spoken if remote.port == port]

    @property
    def legs(self) -> set[Leg]:
        return set(self.role._media.legs.values())

    def told(self, event: str) -> list[Tell]:
        return [command for command in self.commands if isinstance(command, Tell) and command.event == event]

    def opened(self) -> list[Open]:
        return [command for command in self.commands if isinstance(command, Open)]

    def exchange(self) -> None:
        """Carries what both have to say, until they are silent; after every command to a session."""
        while True:
            while (command := self.role.next_command()) is not None:
                self.commands.append(command)
            while (event := self.ua.next_event()) is not None:
                self.events.append(event)
            ours, theirs = self.ua.datagrams_to_send(), self.role.datagrams_to_send()
            if not ours and not theirs:
                return
            for local, remote, data in ours:
                self.chart.append(describe(data)[0])
                self.role.receive_datagram(data, local=remote, remote=local, now=self.now)
            for local, remote, data in theirs:
                if local.port != CN.port:
                    self.spoken.append((local, remote, data))
                    continue
                self.chart.append(describe(data)[0])
                if not self.is_deaf:
                    self.ua.receive_datagram(data, local=remote, remote=local, now=self.now)


def test_it_takes_a_call_and_talks_at_once() -> None:
    caller = Caller()
    session = caller.call(offer())
    assert caller.chart == ["INVITE", "200 INVITE", "ACK"]
    assert session.last_response is not None
    assert session.last_response.tags("require") == ["handover"]  # the proof that it can (RFC 3261 8.2.4)
    caller.run(0.1)
    assert len(caller.heard_from(4000)) == 5
    assert caller.legs == {Leg(Address(CN.ip, 30000), Address(WIFI.ip, 4000))}


def test_who_does_not_ask_for_the_extension_gets_none() -> None:
    caller = Caller(lists=())
    session = caller.call(offer(), require=False)
    assert session.last_response is not None
    assert session.last_response.tags("require") == []


def test_who_requires_the_extension_without_listing_it_gets_a_plain_call() -> None:
    """RFC 3261 8.2.4: nothing may be applied that the request does not list in Supported."""
    caller = Caller(lists=())
    session = caller.call(offer(), require=True)
    assert session.state == "CONFIRMED"
    assert session.last_response is not None
    assert session.last_response.tags("require") == []


def test_a_node_without_the_extension_says_so() -> None:
    """RFC 3261 8.2.2.3."""
    caller = Caller(supports_handover=False)
    session = caller.call(offer())
    assert caller.chart == ["INVITE", "420 INVITE", "ACK"]
    assert session.last_response is not None
    assert session.last_response.tags("unsupported") == ["handover"]
    assert caller.call(offer(), require=False).state == "CONFIRMED"


def test_a_handover_adds_a_leg_and_its_bye_takes_the_other_away() -> None:
    caller = Caller()
    old = caller.call(offer())
    caller.run(1.0)
    new = caller.call(offer(UMTS, 4002), UMTS, names=old)
    (told,) = caller.told("duplicating")
    assert told.facts == {"call_id": new.call_id, "old_call_id": old.call_id}
    caller.spoken.clear()
    caller.run(1.0)
    assert caller.heard_from(4000) == caller.heard_from(4002)
    assert len(caller.heard_from(4000)) in {50, 51}
    old.bye(now=caller.now)
    caller.exchange()
    caller.spoken.clear()
    caller.run(1.0)
    assert caller.heard_from(4000) == []
    assert len(caller.heard_from(4002)) in {50, 51}
    assert caller.told("call_ended") == []
    new.bye(now=caller.now)
    caller.exchange()
    assert caller.legs == set()
    assert len(caller.told("call_ended")) == 1


def test_room_is_for_handovers_under_way() -> None:
    """One at a time: a second gets 420 while the first has two sessions, and is taken when that has ended."""
    caller = Caller(room=1)
    old = caller.call(offer())
    new = caller.call(offer(UMTS, 4002), UMTS, names=old)
    caller.call(offer(WIFI, 4004), names=new)
    assert caller.chart[6:] == ["INVITE", "420 INVITE", "ACK"]
    assert {leg.remote.port for leg in caller.legs} == {4000, 4002}
    old.hang_up(now=caller.now)
    caller.exchange()
    caller.call(offer(WIFI, 4006), names=new)
    assert {leg.remote.port for leg in caller.legs} == {4002, 4006}


def test_who_asks_for_no_handover_needs_no_room() -> None:
    caller = Caller(room=0)
    caller.call(offer())
    caller.call(offer(), require=False)
    assert caller.chart == ["INVITE", "420 INVITE", "ACK", "INVITE", "200 INVITE", "ACK"]


def test_a_handover_that_is_given_up_leaves_the_old_leg() -> None:
    caller = Caller()
    old = caller.call(offer())
    new = caller.call(offer(UMTS, 4002), UMTS, names=old)
    new.bye(now=caller.now)
    caller.exchange()
    assert caller.legs == {Leg(Address(CN.ip, 30000), Address(WIFI.ip, 4000))}
    assert old.state == "CONFIRMED"


def test_media_to_both_addresses_before_the_ack() -> None:
    """Figure 7; the 200 gets lost, and the ACK with it."""
    caller = Caller()
    old = caller.call(offer())
    caller.is_deaf = True
    caller.call(offer(UMTS, 4002), UMTS, names=old)
    caller.spoken.clear()
    caller.run(0.4)
    assert "ACK" not in caller.chart[3:]
    assert caller.heard_from(4000) == caller.heard_from(4002)
    assert len(caller.heard_from(4002)) in {20, 21}


def test_two_dialogs_may_share_a_call_id() -> None:
    """RFC 3261 12: a dialog is a Call-ID and two tags. Each has a leg of its own."""
    caller = Caller()
    old = caller.call(offer())
    new = caller.call(offer(UMTS, 4002), UMTS, names=old, call_id=old.call_id)
    assert (new.call_id, new.state) == (old.call_id, "CONFIRMED")
    assert {leg.remote.port for leg in caller.legs} == {4000, 4002}
    old.bye(now=caller.now)
    caller.exchange()
    assert {leg.remote.port for leg in caller.legs} == {4002}


def test_a_second_call_finds_it_busy() -> None:
    caller = Caller()
    caller.call(offer())
    caller.call(offer(port=4004))
    assert caller.chart[3:] == ["INVITE", "486 INVITE", "ACK"]
    assert {leg.remote.port for leg in caller.legs} == {4000}


def test_after_a_call_it_takes_another() -> None:
    caller = Caller()
    first = caller.call(offer())
    first.bye(now=caller.now)
    caller.exchange()
    second = caller.call(offer(port=4004))
    caller.run(0.1)
    assert second.state == "CONFIRMED"
    assert len(caller.heard_from(4004)) == 5


@pytest.mark.parametrize(
    "body",
    [
        offer(formats="9"),
        b"v=0\r\nno description\r\n",
        offer().replace(b"m=audio", b"m=video"),
    ],
    ids=["no common codec", "no SDP", "no audio"],
)
def test_an_offer_without_anything_in_common(body: bytes) -> None:
    """488: no call; no handover, and its call goes on; no change by a re-INVITE. And no port is taken for it."""
    caller = Caller()
    caller.call(body)
    assert caller.chart == ["INVITE", "488 INVITE", "ACK"]
    assert len(caller.opened()) == 1  # for SIP
    old = caller.call(offer())
    before = (caller.legs, old.state, caller.role._ua.sessions[0].remote_sdp)
    caller.call(body, UMTS, names=old)
    assert caller.chart[6:] == ["INVITE", "488 INVITE", "ACK"]
    old.reinvite(body, now=caller.now)
    caller.exchange()
    assert caller.chart[9:] == ["INVITE", "488 INVITE", "ACK"]
    assert (caller.legs, old.state, caller.role._ua.sessions[0].remote_sdp) == before
    assert [command.local.port for command in caller.opened()] == [5060, 30000, 30001]


def test_an_invite_without_an_offer_gets_one() -> None:
    """RFC 3261 13.3.1.4, 13.2.2.4: the answer comes in the ACK, and media then."""
    caller = Caller()
    session = caller.call(None)
    assert session.remote_sdp is not None
    assert b"m=audio 30000 RTP/AVP 0" in session.remote_sdp
    caller.run(0.1)
    assert caller.spoken == []
    session.acknowledge(offer(), now=caller.now)
    caller.exchange()
    caller.run(0.1)
    assert len(caller.heard_from(4000)) == 5


def test_a_reinvite_moves_the_media() -> None:
    """RFC 3264 8.3.1: to the new address at once; our own stays. Packets to it are taken from wherever they come."""
    caller = Caller()
    session = caller.call(offer())
    session.reinvite(offer(UMTS, 4002, version=2), local=UMTS, contact=UMTS, now=caller.now)
    caller.exchange()
    assert caller.chart[3:] == ["INVITE", "200 INVITE", "ACK"]
    assert caller.legs == {Leg(Address(CN.ip, 30000), Address(UMTS.ip, 4002))}
    assert caller.role._ua.sessions[0].confirmed_dialog.remote_target == "sip:mn@10.0.2.1:5060"


def test_a_reinvite_without_an_offer_is_answered_with_one() -> None:
    """RFC 3261 14.2; media follow the answer in the ACK."""
    caller = Caller()
    session = caller.call(offer())
    session.reinvite(None, now=caller.now)
    caller.exchange()
    session.acknowledge(offer(UMTS, 4002, version=2), now=caller.now)
    caller.exchange()
    assert caller.legs == {Leg(Address(CN.ip, 30000), Address(UMTS.ip, 4002))}


def test_hold_and_back() -> None:
    """RFC 3264 8.4."""
    caller = Caller()
    session = caller.call(offer())
    session.reinvite(offer(version=2, more="a=sendonly"), now=caller.now)
    caller.exchange()
    assert caller.legs == set()
    session.reinvite(offer(version=3), now=caller.now)
    caller.exchange()
    assert len(caller.legs) == 1


def test_a_handover_of_no_dialog_of_ours() -> None:
    """RFC 3891 3: 481; and 603 where it has ended."""
    caller = Caller()
    old = caller.call(offer())
    dialog = old.confirmed_dialog
    other = Invitation(
        "sip:cn@10.0.9.1", "sip:mn@home", "sip:cn@home", contact=UMTS, body=offer(UMTS), require=("handover",),
        headers=(("Handover", str(HandoverHeader(dialog.call_id, "wrong", dialog.local_tag))),),
    )  # fmt: skip
    caller.ua.invite(other, local=UMTS, remote=CN, now=caller.now)
    caller.exchange()
    assert caller.chart[3:] == ["INVITE", "481 INVITE", "ACK"]
    old.bye(now=caller.now)
    caller.exchange()
    caller.call(offer(UMTS), UMTS, names=old)
    assert caller.chart[8:] == ["INVITE", "603 INVITE", "ACK"]


def test_a_handover_from_who_does_not_list_the_extension() -> None:
    """RFC 3261 21.4.15: 421, with what is needed; the header is there, but nothing may be applied (8.2.4)."""
    caller = Caller(lists=())
    old = caller.call(offer(), require=False)
    new = caller.call(offer(UMTS, 4002), UMTS, names=old, require=False)
    assert caller.chart[3:] == ["INVITE", "421 INVITE", "ACK"]
    assert new.last_response is not None
    assert new.last_response.tags("require") == ["handover"]
    assert {leg.remote.port for leg in caller.legs} == {4000}


def test_it_hangs_up() -> None:
    """On every leg; what the user asks for twice is done once."""
    caller = Caller()
    old = caller.call(offer())
    new = caller.call(offer(UMTS, 4002), UMTS, names=old)
    caller.do(report="hang-up")
    caller.do(report="hang-up")
    assert caller.chart[6:] == ["BYE", "BYE", "200 BYE", "200 BYE"]
    assert (old.state, new.state, caller.legs) == ("TERMINATED", "TERMINATED", set())
    assert len(caller.told("call_ended")) == 1
    assert [event.by for event in caller.events if isinstance(event, events.SessionTerminated)] == ["remote", "remote"]


def test_speech_without_a_call_is_counted_and_not_heard() -> None:
    caller = Caller()
    caller.role.receive_datagram(b"\x80\0" + bytes(170), local=Address(CN.ip, 30000), remote=WIFI, now=0.0)
    assert caller.role._media.stray == 1


def test_what_is_dropped_is_told_with_its_reason() -> None:
    caller = Caller()
    for data in (b"nonsense", b"SIP/2.0 200 OK\r\n\r\n", b"\r\n\r\n"):
        caller.role.receive_datagram(data, local=CN, remote=UMTS, now=0.0)
    caller.exchange()
    told = caller.told("discarded")
    assert [tell.facts["remote"] for tell in told] == ["10.0.2.1:5060"] * 3
    assert len({tell.facts["reason"] for tell in told}) == 3


def test_changes_of_state_are_noted() -> None:
    """For the log of the agent, not for the timeline."""
    caller = Caller()
    caller.call(offer())
    notes = [command.text for command in caller.commands if isinstance(command, Note)]
    call_id = caller.role._ua.sessions[0].call_id
    assert f"session {call_id}: ACCEPTED -> CONFIRMED" in notes
