"""A Proxy Binding Update as an anchor reads it: what it says, and which session it is about (RFC 5213 5.3.1, 5.4.1)."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from agents.mip6.mobility_header import BindingStatus
from agents.mip6.mobility_options import NodeIdentifier
from agents.mip6.proxy_options import (
    AccessTechnologyType,
    Handoff,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLayerIdentifier,
    Timestamp,
)

if TYPE_CHECKING:
    from agents.mip6.mobility_header import BindingUpdate
    from agents.mip6.mobility_options import MobilityOption

_ALL_ZERO = HomeNetworkPrefix("::/0")


class Lookup(Enum):
    """The session that there is is to be UPDATEd, a NEW one is asked for, or it depends: WAIT."""

    UPDATE = auto()
    NEW = auto()
    WAIT = auto()


class ProxySession(NamedTuple):
    """Where a node is: at which gateway, by what kind of link, by which link-layer address (b"" if nobody knows).

    `deleted_at`: the gateway has let it go, and then it is forgotten.
    """

    gateway: str
    technology: int
    station: bytes
    deleted_at: float | None = None


class ProxyRequest:
    """The options of an update, None where there is none of a kind."""

    def __init__(self, update: BindingUpdate) -> None:
        self.sequence, self.units = update.sequence, update.units
        found: dict[type[MobilityOption], MobilityOption] = {}
        for one in update.options:
            found.setdefault(type(one), one)
        self._found = found
        self.prefixes = tuple(one for one in update.options if isinstance(one, HomeNetworkPrefix)) or (_ALL_ZERO,)
        named, stamp = found.get(NodeIdentifier), found.get(Timestamp)
        self.identifier = named.nai if isinstance(named, NodeIdentifier) else None
        self.timestamp = stamp.value if isinstance(stamp, Timestamp) else None
        handoff, technology = found.get(HandoffIndicator), found.get(AccessTechnologyType)
        self.handoff = handoff.value if isinstance(handoff, HandoffIndicator) else 0
        self._technology = technology.value if isinstance(technology, AccessTechnologyType) else 0
        station = found.get(LinkLayerIdentifier)
        self._station = station.address if isinstance(station, LinkLayerIdentifier) else b""

    @property
    def missing(self) -> BindingStatus:
        """What refuses it because an option is missing (5.3.1 10 to 12); ACCEPTED where all are there."""
        for kind, status in (
            (HomeNetworkPrefix, BindingStatus.MISSING_PREFIX),
            (HandoffIndicator, BindingStatus.MISSING_HANDOFF_INDICATOR),
            (AccessTechnologyType, BindingStatus.MISSING_ACCESS_TECHNOLOGY),
        ):
            if kind not in self._found:
                return status
        return BindingStatus.ACCEPTED

    @property
    def asks_for_prefix(self) -> bool:
        """Whether it has none yet."""
        return all(one.is_asked_for for one in self.prefixes)

    def is_for(self, prefix: str) -> bool:
        """Whether it asks for this one, or for any (5.3.2 3)."""
        return self.asks_for_prefix or self.prefixes == (HomeNetworkPrefix(prefix),)

    def session(self, gateway: str) -> ProxySession:
        """What it makes of a node's session."""
        return ProxySession(gateway, self._technology, self._station)

    def look_up(self, session: ProxySession | None, gateway: str) -> Lookup:
        """By the prefix (5.4.1.1), by the link-layer address (5.4.1.2), or by the node alone (5.4.1.3)."""
        if session is None:
            return Lookup.NEW
        is_moving = self.handoff == Handoff.BETWEEN_INTERFACES
        has_technology = self._technology == session.technology
        is_same_interface = bool(self._station) and self._station == session.station and has_technology
        if not self.asks_for_prefix:
            is_nameless = not self._station and not session.station and has_technology
            is_known = is_nameless and self.handoff == Handoff.BETWEEN_GATEWAYS
            is_here = session.gateway == gateway and has_technology
            return Lookup.UPDATE if is_same_interface or is_moving or is_known or is_here else Lookup.NEW
        if is_same_interface or is_moving or (not self._station and self.handoff == Handoff.BETWEEN_GATEWAYS):
            return Lookup.UPDATE
        if self.handoff != Handoff.UNKNOWN:
            return Lookup.NEW
        return Lookup.UPDATE if session.deleted_at is not None else Lookup.WAIT

    def reflected(self, prefixes: tuple[HomeNetworkPrefix, ...]) -> tuple[MobilityOption, ...]:
        """What an answer to it says of the node (5.3.6); what was not there is empty, or zero."""
        station = self._found.get(LinkLayerIdentifier)
        return (
            NodeIdentifier(self.identifier or ""), *prefixes, HandoffIndicator(self.handoff),
            AccessTechnologyType(self._technology), *(() if station is None else (station,)),
        )  # fmt: skip
