"""What keeps an address, as manifests name it, and how its messages are found: a row for each protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.folder.run_folder import MOBILE_IPV4, WIREGUARD
from testbed.measure.mobility.handshakes import SeenHandshake, find_handshakes
from testbed.measure.mobility.refreshes import find_refreshes
from testbed.measure.mobility.registrations import SeenRegistration, find_registrations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

Exchange = SeenRegistration | SeenHandshake

FINDERS: dict[str, Callable[[Capture, Datagrams, Manifest], Sequence[Exchange]]] = {
    MOBILE_IPV4: find_registrations,
    WIREGUARD: find_handshakes,
}
"""By the `kept_by` of a manifest."""


def find_exchanges(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[Exchange]:
    """Return what was said at the MN's interfaces for an address that it keeps, or else to a TURN server; by time."""
    find = find_refreshes if manifest.mn.kept is None else FINDERS[manifest.mn.kept_by]
    return [*find(capture, datagrams, manifest)]


def registrations(exchanges: Sequence[Exchange]) -> list[SeenRegistration]:
    """Return those that ask for an address to be bound."""
    return [one for one in exchanges if isinstance(one, SeenRegistration)]
