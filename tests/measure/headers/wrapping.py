"""Headers, made by hand, around packets: what goes before the bytes that are given."""

from __future__ import annotations

import ipaddress
import struct

OUTER, OUTER_6 = ("203.0.113.1", "203.0.113.2"), ("2001:db8:f::1", "2001:db8:f::2")
MACS = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
SNAP = bytes.fromhex("aaaa03000000")


def ethernet(kind: int, payload: bytes) -> bytes:
    """Return an Ethernet frame."""
    return MACS + struct.pack(">H", kind) + payload


def in_llc(kind: int, payload: bytes) -> bytes:
    """Return an IEEE 802.3 frame with LLC and SNAP."""
    body = SNAP + struct.pack(">H", kind) + payload
    return ethernet(len(body), body)


def ip(
    protocol: int, payload: bytes, *, options: bytes = b"", fragment: int = 0, ident: int = 0, ends: bytes = b""
) -> bytes:
    """Return an IPv4 packet, between the ends of a tunnel where it has no others."""
    size = 20 + len(options)
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, size + len(payload), ident, fragment, 64, protocol, 0)
    ends = ends or b"".join(ipaddress.ip_address(one).packed for one in OUTER)
    return head + ends + options + payload


def ip6(protocol: int, payload: bytes) -> bytes:
    """Return the same in IPv6."""
    head = struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64)
    return head + b"".join(ipaddress.ip_address(one).packed for one in OUTER_6) + payload


def udp(ports: tuple[int, int], payload: bytes) -> bytes:
    """Return the same with a UDP datagram in it."""
    return ip(17, struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload)


def gre(
    protocol: int, payload: bytes, *, checksum: bool = False, key: bool = False, number: int | None = None
) -> bytes:
    """Return the same with GRE in it, and what of its fields is wanted (RFC 2890)."""
    flags = 0x8000 * checksum | 0x2000 * key | 0x1000 * (number is not None)
    fields = b"\0\0\0\0" * (checksum + key) + (b"" if number is None else struct.pack(">I", number))
    return ip(47, struct.pack(">HH", flags, protocol) + fields + payload)


def esp(kind: int, payload: bytes, *, proof: int = 12, vector: int = 0, aligned: int = 4) -> bytes:
    """Return ESP with NULL encryption (RFC 4303, figure 1): padded to `aligned`, `proof` bytes of proof at the end."""
    padding = -(len(payload) + 2) % aligned
    trailer = bytes(range(1, padding + 1)) + bytes([padding, kind])
    return b"\0\0\1\0\0\0\0\1" + b"\x5a" * vector + payload + trailer + b"\xa5" * proof


def mpls(*labels: int, payload: bytes) -> bytes:
    """Return a label stack before a payload."""
    last = len(labels) - 1
    return b"".join(struct.pack(">I", label << 12 | (n == last) << 8 | 64) for n, label in enumerate(labels)) + payload


def wlan(payload: bytes, *, first: int = 0x08, second: int = 0x01, more: bytes = b"") -> bytes:
    """Return an 802.11 data frame with LLC/SNAP; `first` and `second` are of frame control, `more` goes behind."""
    return bytes([first, second, 0, 0]) + MACS + b"\x02\0\0\0\0\x03\0\0" + more + SNAP + b"\x08\0" + payload


def radiotap(frame: bytes, *, flags: int | None = None) -> bytes:
    """Return a frame behind a radiotap header, with the flags field if it is given."""
    fields = b"" if flags is None else bytes([flags])
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), 0 if flags is None else 2) + fields + frame


def stun(kind: int, attributes: list[tuple[int, bytes]]) -> bytes:
    """Return a STUN message (RFC 8489, 5)."""
    body = b"".join(struct.pack(">HH", one, len(v)) + v + b"\0" * (-len(v) % 4) for one, v in attributes)
    return struct.pack(">HHI12s", kind, len(body), 0x2112A442, b"abcdefghijkl") + body


def hep3(source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> bytes:
    """Return a HEP packet, version 3."""
    chunks = [(1, b"\x02"), (2, b"\x11")]
    chunks += [(3 + n, ipaddress.ip_address(end[0]).packed) for n, end in enumerate((source, destination))]
    chunks += [(7 + n, struct.pack(">H", end[1])) for n, end in enumerate((source, destination))]
    chunks += [(11, b"\x01"), (15, payload)]
    body = b"".join(struct.pack(">HHH", 0, kind, 6 + len(value)) + value for kind, value in chunks)
    return b"HEP3" + struct.pack(">H", 6 + len(body)) + body
