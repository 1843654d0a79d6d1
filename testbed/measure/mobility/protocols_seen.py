"""What moves a mobile node beside SIP, as manifests name it, and who finds its messages: a row for each protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from agents.turn import TURN_PORT
from testbed.measure.folder.run_folder import (
    FAST_MOBILE_IPV6,
    HIERARCHICAL_MOBILE_IPV6,
    MOBIKE,
    MOBILE_IPV4,
    MOBILE_IPV4_FA,
    MOBILE_IPV6,
    PROXY_MOBILE_IPV6,
    WIREGUARD,
)
from testbed.measure.mobility.at_links import stun_in
from testbed.measure.mobility.seen_registration import SeenCheck, SeenHandshake, SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

TURN, ICE = "TURN", "ICE"
Exchange = SeenRegistration | SeenHandshake

HERE = "testbed.measure.mobility"
FINDERS = {
    MOBILE_IPV4: f"{HERE}.registrations:find_registrations",
    MOBILE_IPV4_FA: f"{HERE}.agents_heard:find_with_agents",
    MOBILE_IPV6: f"{HERE}.binding_exchanges:find_binding_exchanges",
    FAST_MOBILE_IPV6: f"{HERE}.fast_exchanges:find_fast_exchanges",
    HIERARCHICAL_MOBILE_IPV6: f"{HERE}.binding_exchanges:find_binding_exchanges",
    PROXY_MOBILE_IPV6: f"{HERE}.proxy_registrations:find_proxy_registrations",
    WIREGUARD: f"{HERE}.handshakes:find_handshakes",
    MOBIKE: f"{HERE}.key_exchanges:find_key_exchanges",
    TURN: f"{HERE}.refreshes:find_refreshes",
    ICE: f"{HERE}.pair_checks:find_checks",
}
"""By what keeps an address. Only the one that is wanted gets loaded: most runs have none, and loading takes time."""


def moved_by(manifest: Manifest, exchanges: Sequence[Exchange]) -> str:
    """Return what moves the MN beside SIP, if anything does; where it keeps no address, what it said tells."""
    if manifest.mn.kept is not None:
        return manifest.mn.kept_by
    return ICE if any(isinstance(one, SeenCheck) for one in exchanges) else TURN


def find_exchanges(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[Exchange]:
    """Return what was said for an address that the MN keeps, or to a TURN server, or as ICE, by time.

    At the MN's interfaces, or at the anchor's where the network keeps it. A phone that goes by way of a TURN server may
    speak STUN elsewhere as well: that is not looked for.
    """
    if manifest.mn.kept is not None:
        protocol = manifest.mn.kept_by
    elif any(end.port == TURN_PORT for end in datagrams.endpoints):
        protocol = TURN
    elif stun_in(capture, datagrams).any():
        protocol = ICE
    else:
        return []
    module, _, name = FINDERS[protocol].partition(":")
    find: Callable[[Capture, Datagrams, Manifest], Sequence[Exchange]] = getattr(import_module(module), name)
    return [*find(capture, datagrams, manifest)]


def registrations(exchanges: Sequence[Exchange]) -> list[SeenRegistration]:
    """Return those that ask for an address to be bound."""
    return [one for one in exchanges if isinstance(one, SeenRegistration)]
