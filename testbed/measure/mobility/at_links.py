"""What a protocol of UDP said at the mobile node's own interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.stun.stun_message import HEADER_BYTES, MAGIC_COOKIE
from testbed.measure.capture.capture import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Booleans, Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams, TransportAddress

# What a message begins with, at the most: two bits of its type are zero, and all methods that there are leave more so.
_TYPES = 4


class SeenDatagram(NamedTuple):
    """A datagram at a link; `data` is what was captured of its payload, `length` how long that was."""

    link: str
    time_ns: int
    source: TransportAddress
    destination: TransportAddress
    data: bytes
    length: int


def at_links(capture: Capture, datagrams: Datagrams, manifest: Manifest, port: int) -> Iterator[SeenDatagram]:
    """Yield what went to or came from this port, in the capture's order."""
    is_port = np.array([end.port == port for end in datagrams.endpoints] or [False], dtype=np.bool_)
    return seen(capture, datagrams, manifest, is_port[datagrams.source] | is_port[datagrams.destination])


def stun_in(capture: Capture, datagrams: Datagrams) -> Booleans:
    """Say of each datagram whether it is STUN, on whatever port: by its first bits and its cookie (RFC 8489 5)."""
    is_long = datagrams.captured >= HEADER_BYTES
    at = datagrams.offset[is_long]
    found = np.zeros(len(is_long), dtype=np.bool_)
    found[is_long] = (capture.data[at] < _TYPES) & (words(capture.data, ">u4")[at + 4] == MAGIC_COOKIE)
    return found


def seen(capture: Capture, datagrams: Datagrams, manifest: Manifest, which: Booleans) -> Iterator[SeenDatagram]:
    """Yield those of these that are at a link, in the capture's order."""
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    link_of = [links.get(one.name or "") for one in capture.interfaces]
    for row in np.flatnonzero(which).tolist():
        packet, start = int(datagrams.packet[row]), int(datagrams.offset[row])
        link = link_of[int(capture.interface[packet])]
        if link is not None:
            source, destination = (
                datagrams.endpoints[int(end[row])] for end in (datagrams.source, datagrams.destination)
            )
            data = capture.data[start : start + int(datagrams.captured[row])].tobytes()
            yield SeenDatagram(
                link, int(capture.time_ns[packet]), source, destination, data, int(datagrams.length[row])
            )
