"""MOBIKE (RFC 4555): a tunnel that follows who asks it to, so what asks is made up, or sent again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from testbed.attacks.strange_parts import ESP, each, octets
from testbed.attacks.tried import IP4, NEIGHBOUR, Sender, Tried
from testbed.measure.mobility.key_exchanges import parse_header

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL = "MOBIKE"
PORT = 4500
MARKER = bytes(4)
# The first payload is an encrypted one, the version 2.0, the exchange INFORMATIONAL, and it is the initiator's (3.1).
GUESS = bytes(8) + b"\x01" * 8 + bytes((46, 0x20, 37, 0x08)) + (2).to_bytes(4) + (136).to_bytes(4)
MOST, GARBAGE = 200, 20
EXCHANGES = range(34, 38)


def calls(scheme: str) -> list[list[Tried]]:
    """Made up, and heard this moment: of speech, and of the move itself."""
    del scheme
    moved = each(IP4.ready, IP4.home, port=PORT, for_s=3.5)
    return [
        [
            _packets("update-guessed", octets(MARKER + GUESS + bytes(108)), "guessed", "7296 2.21.4", GARBAGE),
            _packets("speech-guessed", octets(b"\xc0" * 4 + bytes(232), ESP), "guessed", "4303 3.4.2", GARBAGE),
            _packets("speech-at-once", each(IP4.mn, IP4.home, ESP, for_s=2.0), "sniffed", "4303 3.4.3", MOST),
            replace(
                _packets("speech-at-once-wifi", each(IP4.mn, IP4.home, ESP, for_s=2.0), "sniffed", "4303 3.4.3", MOST),
                sender=Sender(NEIGHBOUR, IP4.mn),
            ),
            replace(_packets("update-at-once", moved, "sniffed", "7296 2.1", MOST), answer=37, when="handover"),
        ]
    ]


def _packets(name: str, part: Strange, known: str, rfc: str, times: int) -> Tried:
    return Tried(
        name, IP4.home, None, rfc, known=known, source_port=str(PORT), port=str(PORT), parts=(part,), times=times,
        protocol=PROTOCOL,
    )  # fmt: skip


def status_of(packet: StrangePacket) -> int | None:
    """The exchange that an answer of the daemon's is of (RFC 7296 3.1)."""
    header = parse_header(packet.datagram())
    return header.exchange if header is not None and header.exchange in EXCHANGES else None
