"""Call after call through a B2BUA: ports are given back, nothing of a call is kept, and no loop is endless."""

from __future__ import annotations

import gc
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from agents.roles.b2bua.back_to_back import BackToBack
from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.roles.media_ports import SET_ASIDE
from agents.roles.role import Close, Open
from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.address import Address
from agents.sip.message.message import Message, Response
from agents.sip.session.session import Session
from agents.sip.user_agent import Invitation, UserAgent
from tests.agents.roles.caller import sdp

if TYPE_CHECKING:
    from agents.sip.message.address import Datagram

HOME, CN, MN = Address("192.0.2.5", 5060), Address("192.0.2.1", 5060), Address("192.0.2.2", 5060)


class Line:
    """A user, a B2BUA and a node, and what is between them."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        about = {"address": HOME.ip, "realm": "home", "users": {"mn": "secret"}, "always_bridges": True, **more}
        self.home = BackToBack(about, Random(1))
        self.cn = CorrespondentNode({"address": CN.ip, "supports_handover": False}, bytes(8000), Random(2))
        self.user = UserAgent(
            Random(3), credentials=DigestClient([Account("mn", "secret", "home")], Random(4), ["home"])
        )
        self.now = 0.0
        self.opened: set[Address] = set()
        self.sent: list[Datagram] = []

    def exchange(self) -> None:
        """Until nobody has anything to say."""
        ends: dict[str, Any] = {HOME.ip: self.home, CN.ip: self.cn, MN.ip: self.user}
        while sent := [one for end in ends.values() for one in self.taken(end)]:
            self.sent = [*self.sent, *sent][-50:]
            for one in sent:
                if MN.ip not in {one.remote.ip} or one.remote == MN:
                    ends[one.remote.ip].receive_datagram(one.data, local=one.remote, remote=one.local, now=self.now)

    def taken(self, end: Any) -> list[Datagram]:  # noqa: ANN401 - one of three
        while end is not self.user and (command := end.next_command()) is not None:
            if end is self.home and isinstance(command, Open):
                self.opened.add(command.local)
            elif end is self.home and isinstance(command, Close):
                self.opened.remove(command.local)
        return list(end.datagrams_to_send())

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            timers = [(at, one) for one in (self.home, self.cn, self.user) if (at := one.get_timer()) is not None]
            at, one = min(timers, key=lambda timer: timer[0], default=(end, None))
            if one is None or at > end:
                break
            self.now = max(self.now, at)
            one.handle_timer(now=self.now)
            self.exchange()
        self.now = end

    def call(self) -> Session:
        invitation = Invitation(f"sip:cn@{CN.ip}", "<sip:mn@home>", f"<sip:cn@{CN.ip}>", MN, sdp(MN.ip, 6000).encode())
        session = self.user.invite(invitation, local=MN, remote=HOME, now=self.now)
        self.exchange()
        while self.user.next_event() is not None:
            pass
        return session

    def hang_up(self, session: Session) -> None:
        session.hang_up(now=self.now)
        self.exchange()


def test_nothing_of_a_call_is_kept() -> None:
    line = Line()
    for _ in range(30):
        session = line.call()
        assert session.state == "CONFIRMED"
        line.hang_up(session)
        line.wait(0.1)
    line.wait(100.0)
    assert line.opened == {HOME}
    office = line.home._office
    assert not any((office.handlers, office.relays, office._splices, office._opened, office.holding))
    assert not office.ua._core.transactions.live()
    gc.collect()
    mine = [one for one in gc.get_objects() if isinstance(one, Session) and one._core is office.ua._core]
    assert not mine


def test_ports_come_round_again() -> None:
    """They ended at 65535, with the 12,769th leg."""
    line = Line()
    line.home._office._ports._next = 12766
    for _ in range(3):
        session = line.call()
        assert session.state == "CONFIRMED"
        assert all(local.port < 65536 for local in line.opened)
        line.hang_up(session)
        line.wait(0.1)


def test_without_descriptors_a_call_is_refused() -> None:
    line = Line(descriptors=SET_ASIDE + 2)
    session = line.call()
    assert session.state == "TERMINATED"
    assert session.last_response is not None
    assert session.last_response.status == 503
    line.wait(40.0)
    assert line.opened == {HOME}


@pytest.mark.parametrize(("hops", "answer"), [("70", "69"), ("1", "0"), ("0", None)])
def test_each_hop_takes_one_of_max_forwards(hops: str, answer: str | None) -> None:
    """RFC 3261 16.3 and 16.6: two that send calls to each other come to an end, with 483."""
    line = Line()
    line.call()
    (invite, *_) = [one.data for one in line.sent if one.local == MN and one.data.startswith(b"INVITE")][-1:]
    line.sent.clear()
    again = invite.replace(b"Max-Forwards: 70", b"Max-Forwards: " + hops.encode())
    again = again.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx").replace(b"Call-ID: ", b"Call-ID: x")
    again = again.replace(b"nc=00000001", b"nc=00000009")
    line.home._office.ua._arrivals.guard = None  # whoever it is
    line.home.receive_datagram(again, local=HOME, remote=MN, now=line.now)
    line.exchange()
    passed = [Message.parse(one.data) for one in line.sent if one.local == HOME]
    onwards = [one.headers.get("max-forwards") for one in passed if one.headers.get("max-forwards") is not None]
    statuses = [one.status for one in passed if isinstance(one, Response)]
    assert onwards[:1] == ([] if answer is None else [answer])
    assert (483 in statuses) == (answer is None)
