"""What holds for all bytes, and for every way that a network can treat a call."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sip.message.errors import LocalProtocolError, SipParseError
from agents.sip.message.message import Message
from agents.sip.session import events
from agents.sip.session.abilities import Abilities

from .message.torture import FOLDER
from .messages import MESSAGES
from .network import ANSWER, MOVED, OFFER, Network, Node, accept_calls

if TYPE_CHECKING:
    from agents.sip.message.address import Address
    from agents.sip.session.session import Session

# Those of RFC 4475 too, where they are at hand.
SEEDS = (*MESSAGES, *(path.read_bytes() for path in sorted(FOLDER.glob("*.dat"))))
FRAGMENTS = (
    b"\r\n", b"\r\n ", b" ", b";", b",", b"<", b">", b'"', b"\\", b":", b"=", b"@", b"%", b"[", b"]", b"\0", b"\xff",
    b"\xd9\xa3", b"0", b"-1", b"99999999999", b"SIP/2.0", b"Via: ", b"To: ", b"tag=", b"sip:", b"Content-Length: ",
    b"Require: x\r\n", b"Handover: a;to-tag=1;from-tag=2\r\n", b"Contact: *\r\n", b"Expires: 1\r\n", b"CSeq: 1 ACK\r\n",
)  # fmt: skip


@st.composite
def nearly_sip(draw: st.DrawFn) -> bytes:
    """A message with a few places cut, copied or overwritten."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        data = data[:start] + draw(st.sampled_from((b"", data[start:end] * 2, *FRAGMENTS))) + data[end:]
    return data


any_bytes = st.one_of(st.binary(max_size=400), nearly_sip())


@given(any_bytes)
@settings(max_examples=400, deadline=None)
def test_parse_raises_nothing_but_parse_errors(data: bytes) -> None:
    try:
        message = Message.parse(data)
    except SipParseError:
        return
    for name in dir(type(message)):  # no accessor fails on what parse let through
        getattr(message, name)


@given(nearly_sip())
@settings(max_examples=400, deadline=None)
def test_what_was_parsed_is_the_same_after_printing(data: bytes) -> None:
    try:
        message = Message.parse(data)
    except SipParseError:
        return
    printed = bytes(message)
    assert Message.parse(printed) == message
    assert bytes(Message.parse(printed)) == printed


@given(st.lists(any_bytes, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_a_user_agent_takes_any_bytes(datagrams: list[bytes]) -> None:
    network = Network()
    node = network.node("ua", abilities=Abilities(supported=("handover",), methods=("REGISTER", "MESSAGE")))
    accept_calls(node)
    for data in datagrams:
        network.inject(data, to=node)
    network.settle()
    assert node.ua._core.transactions.live() == []


class Fates(Network):
    """A network that does to each datagram in turn what a list says, and is good after its end."""

    def __init__(self, fates: list[float | None]) -> None:
        super().__init__()
        self._fates = iter(fates)

    def _carry(self, node: Node, datagram: object) -> None:
        fate = next(self._fates, 0.0)
        if fate is None:
            self.lose("*")
        elif fate < 0:
            self.duplicate("*")
            self.hold("*", -fate)
        elif fate > 0:
            self.hold("*", fate)
        super()._carry(node, datagram)  # type: ignore[arg-type]


# None: lost; positive: so many seconds late, behind what was sent after it; negative: twice and late.
fates = st.lists(st.sampled_from([None, None, 0.0, 0.0, 0.3, 1.2, 7.0, -0.3, -5.0]), max_size=40)


def play(network: Network, choices: Random) -> tuple[Node, Node]:
    """A call with changes from both sides, and perhaps its end, whatever the network does meanwhile."""
    mn = network.node("mn", interfaces={"wifi": "10.0.1.1", "umts": "10.0.2.1"})
    cn = network.node("cn", interfaces={"eth0": "10.0.9.1"})
    accept_calls(cn, ANSWER)
    accept_calls(mn, OFFER)
    if choices.random() < 0.3:
        cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    for _ in range(choices.randint(1, 5)):
        network.run(choices.choice([0.05, 0.5, 3.0, 40.0]))
        for node in choices.sample([mn, cn], 2):
            for known in [session] if node is mn else node.ua.sessions:
                act(known, choices.choice(list(node.addresses.values())), choices, network.now)
    network.run(200)
    for known in [session, *cn.ua.sessions]:
        if known.state in {"EARLY", "INCOMING", "RINGING"}:  # nobody has answered, which may take for ever
            known.hang_up(now=network.now)
    network.settle()
    return mn, cn


def act(session: Session, local: Address, choices: Random, now: float) -> None:
    """One thing that a role may do, or may not do now."""
    what = choices.choice(["reinvite", "reinvite", "accept", "nothing", "nothing", "bye", "cancel"])
    with suppress(LocalProtocolError):
        if what == "reinvite":
            session.reinvite(MOVED, local=local, contact=local, now=now)
        elif what == "accept":
            session.accept(ANSWER, now=now)
        elif what == "bye":
            session.bye(local=local, now=now)
        elif what == "cancel":
            session.cancel(now=now)


def check(mn: Node, cn: Node) -> None:
    """Nothing is left over, and both sides agree on whether there is a call."""
    for node in (mn, cn):
        core = node.ua._core
        assert core.transactions.live() == []
        assert core.transactions._arrivals == {}
        assert core.timers.running() == []
        assert node.ua._directory._ended == {}
        assert all(session.state == "CONFIRMED" for session in node.ua.sessions)
        told = [event.session for event in node.seen(events.SessionTerminated)]
        assert len(told) == len(set(told))
    assert len(mn.ua.sessions) == len(cn.ua.sessions)
    for ours, theirs in zip(mn.ua.sessions, cn.ua.sessions, strict=True):
        assert ours.offer_answer.state == theirs.offer_answer.state == "STABLE"
        assert (ours.local_sdp, ours.remote_sdp) == (theirs.remote_sdp, theirs.local_sdp)
        assert theirs.confirmed_dialog.remote_target == ours.contact


@given(fates, st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_any_loss_copy_or_disorder_ends_in_a_call_or_in_none(fates: list[float | None], seed: int) -> None:
    check(*play(Fates(fates), Random(seed)))


@pytest.mark.parametrize("seed", range(40))
def test_a_bad_network_all_the_way(seed: int) -> None:
    """Seeded loss for endurance: a third lost, a tenth twice, up to 2 s late."""
    network = Network(seed)
    network.loss, network.duplication, network.jitter = 0.33, 0.1, 2.0
    mn, cn = play(network, Random(seed))
    for node in (mn, cn):
        assert node.ua._core.transactions.live() == []
        assert node.ua._core.timers.running() == []
        assert all(session.state == "CONFIRMED" for session in node.ua.sessions)


def test_the_same_seed_gives_the_same_bytes() -> None:
    def run(seed: int) -> list[str]:
        network = Network(seed)
        network.loss, network.jitter = 0.2, 0.5
        play(network, Random(7))
        return [f"{line.at} {line} {line.message and bytes(line.message)!r}" for line in network.sent]

    assert run(1) == run(1)
    assert run(1) != run(2)
