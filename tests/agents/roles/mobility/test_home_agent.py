"""What a home agent answers, and what it does not (RFC 5944 3.8.2)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from agents.mip.mip_messages import PORT, Flag, Key, RegistrationRequest, ReplyCode, parse_reply
from agents.roles.kernel_orders import Deliver
from agents.roles.mobility.clock import ntp_timestamp
from agents.roles.mobility.ip4.home_agent import HomeAgent
from agents.roles.role import Command, Tell
from agents.sip.message.address import Address

from .moving_world import AGENT, CARE_OF, EPOCH_S, HOME, SECRET

KEY = Key(256, bytes.fromhex(SECRET))
ALONE = Flag.DECAPSULATED_BY_MOBILE_NODE | Flag.REVERSE_TUNNEL
S = Flag.SIMULTANEOUS_BINDINGS
REMOTE = Address(CARE_OF["umts"], PORT)


def agent(**config: Any) -> HomeAgent:  # noqa: ANN401 - of a configuration
    homes = {HOME: {"spi": 256, "key": SECRET}}
    about = {"address": AGENT, "interface": "home-eth0", "homes": homes, "clock_offset_s": EPOCH_S, **config}
    return HomeAgent(about, Random(1))


def request(care_of: str = CARE_OF["umts"], *, at: float = 1.0, **other: Any) -> RegistrationRequest:  # noqa: ANN401
    usual = RegistrationRequest(ALONE, 300, HOME, AGENT, care_of, ntp_timestamp(EPOCH_S + at))
    return usual._replace(**other)


def answer(home: HomeAgent, data: bytes, *, now: float = 1.0) -> int | None:
    """The code; None without an answer."""
    home.receive_datagram(data, local=Address(AGENT, PORT), remote=REMOTE, now=now)
    sent = home.datagrams_to_send()
    if not sent:
        return None
    reply, (signature,) = parse_reply(sent[0].data)
    assert sent[0].remote == REMOTE
    assert signature.is_by(KEY, sent[0].data)
    return reply.code


def commands(home: HomeAgent) -> list[Command]:
    found = []
    while (one := home.next_command()) is not None:
        found.append(one)
    return found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ReplyCode.ACCEPTED),
        ({"flags": ALONE | S}, ReplyCode.ACCEPTED),
        ({"flags": ALONE | Flag.BROADCASTS}, ReplyCode.ACCEPTED),  # 3.8.2: ignored, not refused
        ({"flags": ALONE | Flag.GRE}, ReplyCode.ENCAPSULATION_UNAVAILABLE),
        ({"flags": ALONE | Flag.MINIMAL_ENCAPSULATION}, ReplyCode.ENCAPSULATION_UNAVAILABLE),
        ({"home_agent": "10.10.0.3"}, ReplyCode.UNKNOWN_HOME_AGENT),
        ({"identification": ntp_timestamp(EPOCH_S - 10.0)}, ReplyCode.IDENTIFICATION_MISMATCH),
        ({"identification": ntp_timestamp(EPOCH_S + 10.0)}, ReplyCode.IDENTIFICATION_MISMATCH),
        ({"identification": ntp_timestamp(EPOCH_S + 7.0)}, ReplyCode.ACCEPTED),
        ({"home": "10.10.0.99"}, None),  # a mobile node that there is no association with
    ],
)
def test_a_signed_request_is_answered(change: dict[str, Any], code: ReplyCode | None) -> None:
    assert answer(agent(), request(**change).signed(KEY)) == code


def test_what_nobody_signed_is_discarded_and_told() -> None:
    home = agent()
    assert answer(home, request().signed(KEY)[:24]) is None
    assert answer(home, b"\1junk") is None
    assert answer(home, b"") is None
    told = [one.facts["reason"] for one in commands(home) if isinstance(one, Tell)]
    assert told == ["not signed", "5 bytes, and 24 are the least", "type none, not 1"]
    assert home.discarded.total() == 3


def test_a_clock_is_told_in_the_high_half_of_a_refusal() -> None:
    home = agent()
    late = request(identification=ntp_timestamp(EPOCH_S - 100.0) | 0x1234)
    home.receive_datagram(late.signed(KEY), local=Address(AGENT, PORT), remote=REMOTE, now=50.0)
    reply, _ = parse_reply(home.datagrams_to_send()[0].data)
    assert reply.identification & 0xFFFFFFFF == late.identification & 0xFFFFFFFF
    assert reply.identification >> 32 == ntp_timestamp(EPOCH_S + 50.0) >> 32


def test_so_many_bindings_and_no_more() -> None:
    home = agent()
    for number in range(3):
        one = request(f"10.{number}.0.9", flags=ALONE | S, at=1.0 + number / 100)
        assert answer(home, one.signed(KEY)) == ReplyCode.ACCEPTED
    full = request("10.9.0.9", flags=ALONE | S, at=1.1).signed(KEY)
    assert answer(home, full) == ReplyCode.TOO_MANY_BINDINGS
    orders = [one for one in commands(home) if isinstance(one, Deliver)]
    assert orders[-1] == Deliver(HOME, ("mip0", "mip1", "mip2"))
    # Without S all others go.
    assert answer(home, request("10.9.0.9", at=1.2).signed(KEY)) == ReplyCode.ACCEPTED
    assert [one for one in commands(home) if isinstance(one, Deliver)] == [Deliver(HOME, ("mip3",))]


def test_one_binding_is_let_go_and_then_all() -> None:
    home = agent()
    for number, name in enumerate(("wifi", "umts")):
        answer(home, request(CARE_OF[name], flags=ALONE | S, at=1.0 + number / 100).signed(KEY))
    answer(home, request(CARE_OF["wifi"], lifetime_s=0, at=1.1).signed(KEY))
    answer(home, request(HOME, lifetime_s=0, at=1.2).signed(KEY))
    assert [one for one in commands(home) if isinstance(one, Deliver)] == [
        Deliver(HOME, ("mip0",)), Deliver(HOME, ("mip0", "mip1")), Deliver(HOME, ("mip1",)), Deliver(HOME, ()),
    ]  # fmt: skip
    assert home.get_timer() is None


def test_the_same_request_once_more_is_answered_and_extends_nothing() -> None:
    """3.8.2.2: a duplicate of the network's."""
    home = agent()
    data = request().signed(KEY)
    assert answer(home, data) == ReplyCode.ACCEPTED
    ends = home.get_timer()
    commands(home)
    assert answer(home, data, now=5.0) == ReplyCode.ACCEPTED
    assert home.get_timer() == ends
    assert [one for one in commands(home) if not isinstance(one, Tell)] == []
