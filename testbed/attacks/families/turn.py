"""TURN with mobility (RFC 8016): a ticket moves an allocation, so it is stolen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError, long_term_key
from agents.turn import TURN_PORT
from testbed.attacks.families.sip_and_rtp import NOISE
from testbed.attacks.strange_parts import octets, once_more, spoken, stun
from testbed.attacks.tried import IP4, NOISE_PACKETS, Tried

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL = "TURN"
USER, REALM = "mn", "home.example"
GUESS = long_term_key(USER, REALM, "guess")
REFUSED, NO_ALLOCATION = 401, 404
OWN_PORT = 20000
# What a server answers a Refresh by, and an Allocate, by STUN's type (RFC 8489 5): refused, and done.
REFUSED_REFRESH, ALLOCATED, REFRESH = "0114", "0103", "0004"
# The correspondent's, to the address that the server has for the phone.
STREAM = f"{IP4.cn}>{IP4.home}"
FIRST_CHANNEL = 0x4000


def calls(scheme: str) -> list[list[Tried]]:
    """A ticket that is good, and one that was used; as he would sign it, and as the phone has; and channels."""
    del scheme
    fresh = (Attribute.MOBILITY_TICKET, f"{{{IP4.home}>{IP4.mn}/stun/{ALLOCATED}/8030}}")
    used = (Attribute.MOBILITY_TICKET, f"{{{IP4.ready}>{IP4.home}/stun/{REFRESH}/8030}}")
    again = once_more(IP4.ready, IP4.home, port=TURN_PORT, at=8, begins=bytes.fromhex(REFRESH), newest=True)
    channel = octets(FIRST_CHANNEL.to_bytes(2) + (12 + len(NOISE)).to_bytes(2) + b"\x80" + bytes(11) + NOISE)
    return [
        [
            _asked("ticket-stolen", (stun(Method.REFRESH, [fresh]),), REFUSED, "8016 5"),
            _asked("ticket-guessed", (stun(Method.REFRESH, [fresh]), _signed(fresh)), REFUSED, "8489 9.2.4"),
            replace(_asked("channel", (channel,), None, "8656 12.6"), known="guessed", times=NOISE_PACKETS),
            Tried("rtp-home", IP4.home, None, "8656 9", source_port=str(OWN_PORT), port=f"{{{STREAM}/target}}",
                  speech=STREAM, parts=(spoken(),), times=NOISE_PACKETS, protocol=PROTOCOL),
            replace(_asked("ticket-used", (stun(Method.REFRESH, [used]),), NO_ALLOCATION, "8016 3.2.2"),
                    when="second link"),
            replace(_asked("refresh-replayed", (again,), NO_ALLOCATION, "8016 3.2.2"), when="second link"),
        ]
    ]  # fmt: skip


def _signed(ticket: tuple[int, str]) -> Strange:
    """As somebody who knows everything but the password, and has the nonce of the answer before."""
    nonce = f"{{{IP4.home}>{IP4.attacker}/stun/{REFUSED_REFRESH}/0015}}"
    who = (
        (Attribute.USERNAME, USER.encode().hex()),
        (Attribute.REALM, REALM.encode().hex()),
        (Attribute.NONCE, nonce),
    )
    return stun(Method.REFRESH, [ticket, *who], key=GUESS)


def _asked(name: str, parts: tuple[Strange, ...], answer: int | None, rfc: str) -> Tried:
    return Tried(
        name, IP4.home, answer, rfc, source_port=str(OWN_PORT), port=str(TURN_PORT), parts=parts, protocol=PROTOCOL
    )


def status_of(packet: StrangePacket) -> int | None:
    """The code of an answer; 200 of one that is a success."""
    return answered(packet.datagram())


def answered(data: bytes) -> int | None:
    """The same, of a message of STUN's."""
    try:
        message = StunMessage.parse(data)
    except StunParseError:
        return None
    if message.kind == MessageClass.SUCCESS:
        return SUCCESS
    code = message.get(Attribute.ERROR_CODE)
    return code[2] * 100 + code[3] if message.kind == MessageClass.ERROR and code and len(code) > 3 else None


SUCCESS = 200
