"""ICMP Source Quench as it comes from the wire (RFC 792): about which of our packets it is, if it is about one.

Whoever can guess our addresses can send one (RFC 6633 6, RFC 5927), so it counts only when it quotes what we really
send: addresses and ports of a stream of ours.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.internet_checksum import internet_checksum
from agents.sip.message.address import Address

ICMP, UDP = 1, 17
SOURCE_QUENCH = 4
LEAST_HEADER = 20
ICMP_HEADER = 8


class Quench(NamedTuple):
    """Who asks for less, and from where to where the packet went that it quotes."""

    router: str
    source: Address
    destination: Address


def parse_quench(packet: bytes) -> Quench | None:
    """The Source Quench of an IPv4 packet; None when it is none, damaged, or not about UDP."""
    message = _payload(packet, ICMP)
    if (
        message is None
        or len(message) < ICMP_HEADER
        or message[:2] != bytes([SOURCE_QUENCH, 0])
        or internet_checksum(message)
    ):
        return None
    quoted = message[ICMP_HEADER:]
    udp = _payload(quoted, UDP)
    if udp is None or len(udp) < 4:
        return None
    source, destination = (int.from_bytes(udp[at : at + 2], "big") for at in (0, 2))
    return Quench(
        _address(packet[12:16]),
        Address(_address(quoted[12:16]), source),
        Address(_address(quoted[16:20]), destination),
    )


def _payload(packet: bytes, protocol: int) -> bytes | None:
    """What follows the header of an IPv4 packet of this protocol."""
    if len(packet) < LEAST_HEADER or packet[0] >> 4 != 4 or packet[9] != protocol:
        return None
    length = (packet[0] & 0xF) * 4
    return packet[length:] if length >= LEAST_HEADER else None


def _address(octets: bytes) -> str:
    return ".".join(str(octet) for octet in octets)
