"""What WireGuard says to keep an address where the mobile node is: handshakes, and packets without content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.mobility.hidden import AROUND

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

PORT = 51820
SIZES = {1: 148, 2: 92, 3: 64}
"""UDP payload of a handshake's initiation, its response, and a cookie (Donenfeld 2017, 5.4.2, 5.4.3, 5.4.7)."""


@dataclass(frozen=True, slots=True)
class SeenHandshake:
    """A message of a handshake, or an empty data message, at the MN's interfaces; `bytes` are those of UDP payload."""

    link: str
    asked_ns: int
    bytes: int
    messages: int = 1


def find_handshakes(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenHandshake]:
    """Return them in order of time."""
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    link_of = [links.get(one.name or "") for one in capture.interfaces]
    is_port = np.array([end.port == PORT for end in datagrams.endpoints] or [False], dtype=np.bool_)
    rows = np.flatnonzero(
        (is_port[datagrams.source] | is_port[datagrams.destination]) & (datagrams.captured >= min(SIZES))
    )
    kinds = words(capture.data, "<u4")[datagrams.offset[rows]].tolist()
    found = [
        (int(datagrams.packet[row]), int(datagrams.length[row]))
        for row, kind in zip(rows.tolist(), kinds, strict=True)
        if SIZES.get(kind) == int(datagrams.length[row])
    ]
    if datagrams.hidden is not None:
        empty = datagrams.hidden.length == AROUND
        found += [(packet, AROUND) for packet in datagrams.hidden.packet[empty].tolist()]
    at_links = ((packet, size, link_of[int(capture.interface[packet])]) for packet, size in found)
    seen = [SeenHandshake(link, int(capture.time_ns[packet]), size) for packet, size, link in at_links if link]
    return sorted(seen, key=lambda one: one.asked_ns)
