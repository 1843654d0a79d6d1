"""Which protocol keeps a mobile node's address, and what its messages at the node's interfaces were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.mobility.binding_exchanges import find_binding_exchanges
from testbed.measure.mobility.registrations import find_registrations

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.mobility.seen_registration import SeenRegistration
    from testbed.measure.wire.packets import Datagrams

MOBILE_IPV4, MOBILE_IPV6 = "Mobile IPv4", "Mobile IPv6"


def protocol_of(manifest: Manifest) -> str | None:
    """Return what keeps the mobile node's address; None where it keeps none."""
    kept = manifest.mn.kept
    if kept is None:
        return None
    return MOBILE_IPV6 if ":" in kept else MOBILE_IPV4


def find_moves(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return what was asked to move the address, in order of time, each with its answer."""
    protocol = protocol_of(manifest)
    if protocol is None:
        return []
    if protocol == MOBILE_IPV6:
        return find_binding_exchanges(capture, manifest)
    return find_registrations(capture, datagrams, manifest)
