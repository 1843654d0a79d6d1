"""What a protocol of UDP said at the mobile node's own interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams, TransportAddress


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
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    link_of = [links.get(one.name or "") for one in capture.interfaces]
    is_port = np.array([end.port == port for end in datagrams.endpoints] or [False], dtype=np.bool_)
    for row in np.flatnonzero(is_port[datagrams.source] | is_port[datagrams.destination]).tolist():
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
