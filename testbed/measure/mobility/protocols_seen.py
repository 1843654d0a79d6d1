"""What moves a mobile node beside SIP, as manifests name it, and who finds its messages: a row for each protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.folder.run_folder import MOBILE_IPV4, MOBILE_IPV6, WIREGUARD
from testbed.measure.mobility.binding_exchanges import find_binding_exchanges
from testbed.measure.mobility.handshakes import SeenHandshake, find_handshakes
from testbed.measure.mobility.refreshes import find_refreshes
from testbed.measure.mobility.registrations import find_registrations
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

Exchange = SeenRegistration | SeenHandshake

FINDERS: dict[str, Callable[[Capture, Datagrams, Manifest], Sequence[Exchange]]] = {
    MOBILE_IPV4: find_registrations,
    MOBILE_IPV6: lambda capture, _, manifest: find_binding_exchanges(capture, manifest),
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
