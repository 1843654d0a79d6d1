"""ICE (RFC 8445): media go by pairs that were checked, so somebody else checks; and speaks to the relay's ports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, Method
from testbed.attacks.families.turn import SUCCESS, answered
from testbed.attacks.strange_parts import once_more, spoken, stun
from testbed.attacks.tried import IP4, NOISE_PACKETS, UNNAMED, Tried

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL = "ICE"
GUESS = b"guess"
REFUSED = 401
OWN_PORT = 20000
REQUEST = "0001"


def calls(scheme: str) -> list[list[Tried]]:
    """With a made-up name, with the right one, and as it was heard; to both ends."""
    del scheme
    found = []
    for to, peer, word in ((IP4.mn, IP4.home, "mn"), (IP4.home, IP4.mn, "home")):
        port = f"{{{peer}>{to}/target}}"
        name = f"{{{peer}>{to}/stun/{REQUEST}/{Attribute.USERNAME:04x}}}"
        heard = once_more(peer, to, at=8, begins=bytes.fromhex(REQUEST), newest=True)
        found += [
            _checked(f"check-{word}-guessed", to, port, _check(b"gues:gues".hex()), REFUSED, "8489 9.1.3", "guessed"),
            _checked(f"check-{word}-sniffed", to, port, _check(name), REFUSED, "8489 9.1.3", "the name"),
            _checked(f"check-{word}-replayed", to, port, heard, SUCCESS, "8445 19.2", "sniffed"),
        ]
        found.append(_speech(f"rtp-{word}", f"{peer}>{to}", to))
    # rtpengine passes on what comes to its ports from anywhere: docs/rivals.md.
    return [[replace(one, effect="heard", rfc="3550 9.2") if one.name == "rtp-home" else one for one in found]]


def _speech(name: str, stream: str, to: str) -> Tried:
    return Tried(
        name, to, None, UNNAMED, source_port=str(OWN_PORT), port=f"{{{stream}/target}}", speech=stream,
        parts=(spoken(),), times=NOISE_PACKETS, protocol=PROTOCOL,
    )  # fmt: skip


def _check(name: str) -> Strange:
    """A check that would have the media moved."""
    attributes = (
        (Attribute.USERNAME, name), (Attribute.PRIORITY, "7effffff"), (Attribute.USE_CANDIDATE, ""),
        (Attribute.ICE_CONTROLLING, "ff" * 8),
    )  # fmt: skip
    return stun(Method.BINDING, attributes, key=GUESS, has_fingerprint=True)


def _checked(name: str, to: str, port: str, part: Strange, answer: int, rfc: str, known: str) -> Tried:
    return Tried(
        name, to, answer, rfc, known=known, source_port=str(OWN_PORT), port=port, parts=(part,), protocol=PROTOCOL
    )


def status_of(packet: StrangePacket) -> int | None:
    """The code of an answer; 200 of one that is a success."""
    return answered(packet.datagram())
