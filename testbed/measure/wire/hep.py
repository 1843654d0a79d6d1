"""HEP, in which a capture agent sends a packet of somebody else: who sent it to whom, and what.

Source: "HEP/EEP network protocol specification", revision 36 (version 3; 1 and 2 in its appendix). The time that the
agent gives is not used: the capture's own is that of all else in it. Not done: HEP over TCP.
"""

from __future__ import annotations

from typing import NamedTuple

from testbed.measure.wire.start_line import START_LINE

_MAGIC = b"HEP3"
_CHUNK = 6
_SOURCE_PORT, _DESTINATION_PORT, _PAYLOAD, _COMPRESSED = 7, 8, 15, 16
_SOURCES, _DESTINATIONS = {3: 4, 5: 16}, {4: 4, 6: 16}
"""Chunks that hold an address -> its size."""

_OLD_HEADERS = {2: (16, 4), 10: (40, 16)}
"""Address family -> size of the header and of an address, in versions 1 and 2."""
_TIME = 12
"""What version 2 has behind it: time, and the agent's number."""


class HepPacket(NamedTuple):
    """What was sent: addresses and ports; where it lies in the datagram, how many bytes it has, how many are there."""

    source: tuple[bytes, int]
    destination: tuple[bytes, int]
    at: int
    length: int
    captured: int


class HepError(ValueError):
    """A datagram of HEP that cannot be read, and why."""


def read_hep(datagram: bytes) -> HepPacket:
    """Return what a datagram of HEP carries; `HepError` where that is not to be known."""
    return _read_chunks(datagram) if datagram.startswith(_MAGIC) else _read_old(datagram)


def _read_chunks(datagram: bytes) -> HepPacket:
    """Version 3: chunks, each with a vendor (0: the specification's), a type, and its length with these."""
    found: dict[int, tuple[int, int]] = {}
    at = _CHUNK
    while at + _CHUNK <= len(datagram):
        vendor, kind, size = (_number(datagram, at + place) for place in (0, 2, 4))
        if size < _CHUNK:
            break
        if vendor == 0:
            found.setdefault(kind, (at + _CHUNK, size - _CHUNK))
        at += size
    if _COMPRESSED in found:
        raise HepError("HEP with a compressed payload")
    if _PAYLOAD not in found:
        raise HepError("HEP without a payload")
    at, length = found[_PAYLOAD]
    source, destination = _address(datagram, found, _SOURCES), _address(datagram, found, _DESTINATIONS)
    ports = (_number(datagram, found.get(kind, (len(datagram), 0))[0]) for kind in (_SOURCE_PORT, _DESTINATION_PORT))
    return HepPacket((source, next(ports)), (destination, next(ports)), at, length, min(length, len(datagram) - at))


def _number(datagram: bytes, at: int) -> int:
    """Return the 16-bit number at a place; 0 where that is beyond the end."""
    return int.from_bytes(datagram[at : at + 2], "big")


def _address(datagram: bytes, found: dict[int, tuple[int, int]], kinds: dict[int, int]) -> bytes:
    for kind, wanted in kinds.items():
        at, size = found.get(kind, (0, 0))
        address = datagram[at : at + size]
        if len(address) == wanted:
            return address
    raise HepError("HEP without addresses")


def _read_old(datagram: bytes) -> HepPacket:
    """Versions 1 and 2: ports and addresses. Whether the header's length counts the time behind it, writers differ."""
    header, address = _OLD_HEADERS[datagram[2]]
    ends = [(datagram[at : at + address], _number(datagram, port)) for at, port in ((8, 4), (8 + address, 6))]
    for at in (header, header + _TIME):
        if START_LINE.match(datagram, at):
            length = len(datagram) - at
            return HepPacket(ends[0], ends[1], at, length, length)
    raise HepError("HEP with something that is not known")
