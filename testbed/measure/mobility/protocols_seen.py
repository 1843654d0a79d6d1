"""What moves a mobile node beside SIP, as manifests name it, and who finds its messages: a row for each protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from agents.turn import TURN_PORT
from testbed.measure.folder.run_folder import MOBILE_IPV4, MOBILE_IPV6, PROXY_MOBILE_IPV6, WIREGUARD
from testbed.measure.mobility.seen_registration import SeenHandshake, SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

TURN = "TURN"
Exchange = SeenRegistration | SeenHandshake

HERE = "testbed.measure.mobility"
FINDERS = {
    MOBILE_IPV4: f"{HERE}.registrations:find_registrations",
    MOBILE_IPV6: f"{HERE}.binding_exchanges:find_binding_exchanges",
    PROXY_MOBILE_IPV6: f"{HERE}.proxy_registrations:find_proxy_registrations",
    WIREGUARD: f"{HERE}.handshakes:find_handshakes",
    TURN: f"{HERE}.refreshes:find_refreshes",
}
"""By what keeps an address. Only the one that is wanted gets loaded: most runs have none, and loading takes time."""


def moved_by(manifest: Manifest) -> str:
    """Return what moves the MN beside SIP, if anything does."""
    return TURN if manifest.mn.kept is None else manifest.mn.kept_by


def find_exchanges(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[Exchange]:
    """Return what was said for an address that the MN keeps, or else to a TURN server; by time.

    At the MN's interfaces, or at the anchor's where the network keeps it.
    """
    protocol = moved_by(manifest)
    if protocol == TURN and all(end.port != TURN_PORT for end in datagrams.endpoints):
        return []
    module, _, name = FINDERS[protocol].partition(":")
    find: Callable[[Capture, Datagrams, Manifest], Sequence[Exchange]] = getattr(import_module(module), name)
    return [*find(capture, datagrams, manifest)]


def registrations(exchanges: Sequence[Exchange]) -> list[SeenRegistration]:
    """Return those that ask for an address to be bound."""
    return [one for one in exchanges if isinstance(one, SeenRegistration)]
