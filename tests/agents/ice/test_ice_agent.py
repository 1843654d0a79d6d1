"""Two agents and a wire between them: charts of checks, of what is lost, refused, forged and late (RFC 8445 7 to 9)."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ice.candidate import RTCP, RTP
from agents.ice.check_list import MOST_PAIRS
from agents.ice.ice_agent import ChecksFailed, ConsentLost, IceAgent, IceEvent, PairsSelected
from agents.ice.ice_session import MOST_EARLY
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.stun.stun_values import error
from tests.agents.roles.ice_relay import describe_check

if TYPE_CHECKING:
    from agents.ice.ice_description import IceDescription

OURS, THEIRS, STRANGER = Address("10.0.1.1", 20000), Address("10.0.8.1", 30000), Address("10.0.6.6", 5000)
WAY_S = 0.05


def addresses(first: Address) -> dict[int, Address]:
    return {RTP: first, RTCP: first._replace(port=first.port + 1)}


class Wire:
    """Between `mn` and `home`; what it is told to lose it loses."""

    def __init__(self, *, both_control: bool = False, none_controls: bool = False, seed: int = 1) -> None:
        self.mn = IceAgent(Random(f"{seed}/mn"), is_controlling=not none_controls)
        self.home = IceAgent(Random(f"{seed}/home"), is_controlling=both_control)
        self.now = 0.0
        self.lost: list[str] = []
        self.chart: list[str] = []
        self.events: list[IceEvent] = []
        self._due: list[tuple[float, int, IceAgent, Datagram]] = []

    def offer(self, *, at: Address = OURS, answer: bool = True) -> tuple[IceDescription, IceDescription]:
        mine, theirs = self.mn.restart(addresses(at)), self.home.restart(addresses(THEIRS))
        self.home.take(mine, now=self.now)
        if answer:
            self.mn.take(theirs, now=self.now)
        return mine, theirs

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            self._flush()
            timers = [one for one in (self.mn.get_timer(), self.home.get_timer()) if one is not None]
            timers += [self._due[0][0]] if self._due else []
            if not timers or min(timers) > until:
                self.now = until
                return
            self.now = max(self.now, min(timers))
            while self._due and self._due[0][0] <= self.now:
                _, _, agent, one = heappop(self._due)
                agent.receive_datagram(one.data, local=one.remote, remote=one.local, now=self.now)
            for agent in (self.mn, self.home):
                timer = agent.get_timer()
                if timer is not None and timer <= self.now:
                    agent.handle_timer(now=self.now)

    def _flush(self) -> None:
        for agent, peer, arrow in ((self.mn, self.home, "->"), (self.home, self.mn, "<-")):
            for one in agent.datagrams_to_send():
                label = f"{arrow} {describe_check(one.data)}"
                is_lost = label in self.lost
                if is_lost:
                    self.lost.remove(label)
                self.chart.append(f"{label} x" if is_lost else label)
                if not is_lost:
                    heappush(self._due, (self.now + WAY_S, len(self.chart), peer, one))
        while (event := self.mn.next_event()) is not None:
            self.events.append(event)

    def told(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


def test_two_agents_check_and_nominate_each_component() -> None:
    wire = Wire()
    wire.offer()
    wire.run(2.0)
    (selected,) = wire.events
    assert isinstance(selected, PairsSelected)
    assert {component: (pair.local, pair.remote) for component, pair in selected.pairs.items()} == {
        RTP: (OURS, THEIRS), RTCP: (OURS._replace(port=20001), THEIRS._replace(port=30001)),
    }  # fmt: skip
    assert wire.chart.count("-> nomination") == 2
    assert "<- nomination" not in wire.chart
    for component in (RTP, RTCP):
        there = wire.home.selected(component)
        assert there is not None
        assert there.remote == selected.pairs[component].local
    assert not wire.mn.counts + wire.home.counts


def test_a_restart_has_the_old_pair_until_the_new_one_is_nominated() -> None:
    wire = Wire()
    wire.offer()
    wire.run(2.0)
    wire.offer(at=Address("10.0.2.1", 20002))
    pair = wire.mn.selected(RTP)
    assert pair is not None
    assert pair.local == OURS
    assert wire.mn.is_restarting
    wire.run(2.0)
    pair = wire.mn.selected(RTP)
    assert pair is not None
    assert (pair.local, wire.mn.is_restarting) == (Address("10.0.2.1", 20002), False)
    assert wire.told() == ["PairsSelected"] * 2


def test_a_check_that_comes_before_the_answer_is_answered_and_triggers_ours_afterwards() -> None:
    """RFC 8445 7.3."""
    wire = Wire()
    _, theirs = wire.offer(answer=False)
    wire.run(0.3)
    assert wire.chart[:3] == ["<- check", "-> 200 check", "<- check"]
    assert "-> check" not in wire.chart
    wire.mn.take(theirs, now=wire.now)
    wire.run(1.0)
    assert wire.told() == ["PairsSelected"]


@pytest.mark.parametrize("who", ["both", "none"])
def test_who_have_the_same_role_find_out(who: str) -> None:
    """RFC 8445 7.3.1.1, whoever has the larger tie-breaker."""
    for seed in range(4):
        wire = Wire(both_control=who == "both", none_controls=who == "none", seed=seed)
        wire.offer()
        wire.run(3.0)
        assert any(line.endswith("487 check") for line in wire.chart), seed
        assert wire.told() == ["PairsSelected"], seed
        assert wire.mn.is_controlling != wire.home.is_controlling, seed


@given(st.lists(st.sampled_from(["-> check", "<- check", "-> 200 check", "<- 200 check", "-> nomination"]), max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_a_few_losses_are_both_end_with_the_same_pairs(lost: list[str]) -> None:
    wire = Wire()
    wire.lost = lost
    wire.offer()
    wire.run(39.0)
    assert wire.told() == ["PairsSelected"]
    for component in (RTP, RTCP):
        here, there = wire.mn.selected(component), wire.home.selected(component)
        assert here is not None
        assert there is not None
        assert (here.local, here.remote) == (there.remote, there.local)


def test_when_nothing_comes_checks_fail_and_media_stay() -> None:
    wire = Wire()
    wire.offer()
    wire.run(2.0)
    wire.mn.take(wire.home.restart(addresses(THEIRS)), now=wire.now)  # the same again: nothing is new
    theirs = wire.home.ours
    assert theirs is not None
    wire.mn.restart(addresses(Address("10.0.2.1", 20002)))
    wire.mn.take(theirs, now=wire.now)
    wire.home.stop()
    wire.run(45.0)
    assert ChecksFailed() in wire.events
    assert wire.told().count("PairsSelected") == 1


def test_consent_that_is_not_given_any_more_is_over_after_thirty_seconds() -> None:
    wire = Wire()
    wire.offer()
    wire.run(2.0)
    wire.home.stop()
    wire.run(32.0)
    assert {event.component for event in wire.events if isinstance(event, ConsentLost)} == {RTP, RTCP}
    assert wire.mn.selected(RTP) is None


def signed(kind: MessageClass, name: bytes, key: str | None, *attributes: tuple[int, bytes]) -> bytes:
    message = StunMessage(kind, Method.BINDING, name, attributes)
    return message.to_bytes(None if key is None else key.encode(), has_fingerprint=True)


def request(key: str | None, *attributes: tuple[int, bytes], name: bytes = b"twelve bytes") -> bytes:
    return signed(MessageClass.REQUEST, name, key, *attributes)


def answers(agent: IceAgent, data: bytes, *, remote: Address = STRANGER) -> list[str]:
    agent.receive_datagram(data, local=OURS, remote=remote, now=1.0)
    return [describe_check(one.data) for one in agent.datagrams_to_send() if one.remote == remote]


RANK = (int(Attribute.PRIORITY), bytes(4))


def test_each_way_not_to_be_the_peer_has_its_answer() -> None:
    agent = IceAgent(Random(1), is_controlling=True)
    ours = agent.restart(addresses(OURS))
    who = (int(Attribute.USERNAME), f"{ours.ufrag}:them".encode())
    assert answers(agent, request(None, RANK)) == ["400 check"]  # RFC 8489 9.1.3
    assert answers(agent, request(None, who, RANK)) == ["400 check"]
    assert answers(agent, request(ours.pwd, RANK)) == ["400 check"]
    assert answers(agent, request(ours.pwd, (Attribute.USERNAME, b"guess:them"), RANK)) == ["401 check"]
    assert answers(agent, request("guess", who, RANK)) == ["401 check"]
    assert answers(agent, request(ours.pwd, who)) == ["400 check"]
    assert answers(agent, request(ours.pwd, who, RANK, (0x7FFF, b""))) == ["420 check"]
    assert answers(agent, request(ours.pwd, who, RANK)) == ["200 check"]
    assert agent.counts == {"a check, by 400": 4, "a check, by 401": 2, "a check, by 420": 1}


def test_what_is_no_check_is_not_answered() -> None:
    agent = IceAgent(Random(1), is_controlling=True)
    ours = agent.restart(addresses(OURS))
    who = (int(Attribute.USERNAME), f"{ours.ufrag}:them".encode())
    plain = StunMessage(MessageClass.REQUEST, Method.BINDING, b"twelve bytes", (who, RANK)).to_bytes(ours.pwd.encode())
    other = StunMessage(MessageClass.REQUEST, Method.ALLOCATE, b"twelve bytes").to_bytes(has_fingerprint=True)
    indication = signed(MessageClass.INDICATION, b"twelve bytes", None)
    for data in (
        plain,
        other,
        indication,
        b"\x00\x01\x00\x01" + plain[4:],
        signed(MessageClass.SUCCESS, b"x" * 12, "x"),
    ):
        assert answers(agent, data) == []
    assert sum(agent.counts.values()) == 4


def test_an_answer_by_another_key_is_none_and_the_check_is_sent_again() -> None:
    """RFC 8489 9.1.4: a stranger who has seen our check can't have it fail, nor succeed."""
    wire = Wire()
    _, theirs = wire.offer(answer=False)
    wire.home.stop()
    wire.mn.take(theirs, now=0.0)
    wire.mn.handle_timer(now=0.0)
    (check,) = wire.mn.datagrams_to_send()
    name = StunMessage.parse(check.data).transaction
    for kind, attribute in (
        (MessageClass.SUCCESS, (int(Attribute.XOR_MAPPED_ADDRESS), bytes(8))),
        (MessageClass.ERROR, (int(Attribute.ERROR_CODE), error(400, "no"))),
        (MessageClass.ERROR, (int(Attribute.ERROR_CODE), error(487, "no"))),
    ):
        for key in ("guess", None):
            wire.mn.receive_datagram(signed(kind, name, key, attribute), local=OURS, remote=THEIRS, now=0.1)
    assert wire.mn.counts == {"an answer that the peer has not signed": 6}
    wire.mn.handle_timer(now=0.5)
    assert [one.data for one in wire.mn.datagrams_to_send() if one.remote == THEIRS] == [check.data]
    assert wire.mn.is_controlling


def test_an_answer_from_elsewhere_makes_the_pair_fail() -> None:
    """RFC 8445 7.2.5.2.1: it went through somebody who changes addresses one way alone."""
    wire = Wire()
    _, theirs = wire.offer(answer=False)
    wire.mn.take(theirs, now=0.0)
    wire.mn.handle_timer(now=0.0)
    (check,) = wire.mn.datagrams_to_send()
    mapped = (int(Attribute.XOR_MAPPED_ADDRESS), bytes(8))
    answer = signed(MessageClass.SUCCESS, StunMessage.parse(check.data).transaction, theirs.pwd, mapped)
    wire.mn.receive_datagram(answer, local=OURS, remote=STRANGER, now=0.1)
    assert wire.mn.next_event() == ChecksFailed()


def test_a_403_ends_consent_at_once() -> None:
    """RFC 7675 5.2."""
    wire = Wire()
    _, theirs = wire.offer()
    wire.run(3.0)
    wire.mn.handle_timer(now=20.0)
    asked = [one for one in wire.mn.datagrams_to_send() if one.remote == THEIRS]
    name = StunMessage.parse(asked[0].data).transaction
    answer = signed(MessageClass.ERROR, name, theirs.pwd, (int(Attribute.ERROR_CODE), error(403, "Forbidden")))
    wire.mn.receive_datagram(answer, local=OURS, remote=THEIRS, now=20.1)
    assert wire.mn.next_event() == ConsentLost(RTP)


def test_a_peer_s_bytes_cost_no_more_than_so_much() -> None:
    """Who knows our password, and sends from everywhere: early checks and pairs have room for so many."""
    agent = IceAgent(Random(1), is_controlling=True)
    ours = agent.restart(addresses(OURS))
    who = (int(Attribute.USERNAME), f"{ours.ufrag}:them".encode())
    data = request(ours.pwd, who, RANK)
    session = agent._next
    assert session is not None
    for port in range(1, 200):
        assert answers(agent, data, remote=STRANGER._replace(port=port)) == ["200 check"]
    assert len(session._early) == MOST_EARLY
    agent.take(IceAgent(Random(2), is_controlling=False).restart(addresses(THEIRS)), now=1.0)
    for port in range(1, 200):
        agent.receive_datagram(data, local=OURS, remote=STRANGER._replace(port=port), now=1.0)
    assert len(list(session._list)) == MOST_PAIRS
    assert agent.counts["a pair too many"] > 50


@given(st.binary(max_size=60), st.integers(0, 99))
def test_any_bytes_behind_a_good_header_are_taken(body: bytes, flip: int) -> None:
    agent = IceAgent(Random(1), is_controlling=True)
    ours = agent.restart(addresses(OURS))
    data = bytearray(request(ours.pwd, (int(Attribute.USERNAME), f"{ours.ufrag}:them".encode()), RANK) + body)
    data[flip % len(data)] ^= 0x20
    agent.receive_datagram(bytes(data), local=OURS, remote=STRANGER, now=0.0)
