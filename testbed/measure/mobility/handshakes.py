"""What WireGuard says to keep an address where the mobile node is: handshakes, and packets without content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.mobility.at_links import at_links
from testbed.measure.mobility.hidden import AROUND
from testbed.measure.mobility.seen_registration import SeenHandshake

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

PORT = 51820
SIZES = {1: 148, 2: 92, 3: 64}
"""UDP payload of a handshake's initiation, its response, and a cookie (Donenfeld 2017, 5.4.2, 5.4.3, 5.4.7)."""


def find_handshakes(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenHandshake]:
    """Return them in order of time."""
    seen = [
        SeenHandshake(one.link, one.time_ns, one.length)
        for one in at_links(capture, datagrams, manifest, PORT)
        if SIZES.get(int.from_bytes(one.data[:4], "little")) == one.length
    ]
    if datagrams.hidden is not None:
        links = {interface: link for link, interface in manifest.mn.interfaces.items()}
        for packet in datagrams.hidden.packet[datagrams.hidden.length == AROUND].tolist():
            link = links.get(capture.interfaces[int(capture.interface[packet])].name or "")
            if link is not None:
                seen.append(SeenHandshake(link, int(capture.time_ns[packet]), AROUND))
    return sorted(seen, key=lambda one: one.asked_ns)
