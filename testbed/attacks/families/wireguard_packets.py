"""WireGuard (Donenfeld, NDSS 2017): a tunnel follows the last authentic packet, so others are sent from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from testbed.attacks.strange_parts import each, octets, once_more
from testbed.attacks.tried import IP4, NEIGHBOUR, Sender, Tried
from testbed.measure.mobility.handshakes import PORT, SIZES

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL = "WireGuard"
INITIATION, DATA = b"\x01\0\0\0", b"\x04\0\0\0"
DATA_BYTES = 240
MOST, GARBAGE = 200, 50
PAPER = "WG 5.1"


def calls(scheme: str) -> list[list[Tried]]:
    """Made up, heard before, and heard this moment."""
    del scheme
    return [
        [
            _packets("handshake-guessed", octets(INITIATION + bytes(SIZES[1] - 4)), "guessed", GARBAGE),
            _packets("packet-guessed", octets(DATA + bytes(DATA_BYTES)), "guessed", GARBAGE),
            _packets("handshake-replayed", once_more(IP4.mn, IP4.home, port=PORT, at=8, begins=INITIATION), "sniffed"),
            _packets("packets-at-once", each(IP4.mn, IP4.home, port=PORT, for_s=2.0), "sniffed", MOST),
            replace(
                _packets("packets-at-once-wifi", each(IP4.mn, IP4.home, port=PORT, for_s=2.0), "sniffed", MOST),
                sender=Sender(NEIGHBOUR, IP4.mn),
            ),
            replace(
                _packets("packets-at-once-moved", each(IP4.ready, IP4.home, port=PORT, for_s=3.5), "sniffed", MOST),
                when="handover",
            ),
        ]
    ]


def _packets(name: str, part: Strange, known: str, times: int = 1) -> Tried:
    return Tried(
        name, IP4.home, None, PAPER, known=known, source_port=str(PORT), port=str(PORT), parts=(part,), times=times,
        protocol=PROTOCOL,
    )  # fmt: skip


def status_of(packet: StrangePacket) -> int | None:
    """The type of an answer to a handshake, or of a cookie (5.4); data, if there are any, answer nothing."""
    data = packet.datagram(PORT)
    kind = int.from_bytes(data[:4], "little")
    return kind if SIZES.get(kind) == len(data) else None
