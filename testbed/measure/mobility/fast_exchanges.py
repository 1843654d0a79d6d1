"""Fast handovers of Mobile IPv6 (RFC 5568) at the mobile node's interfaces, each message with what answered it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agents.mip6.neighbour_messages import NeighbourParseError
from agents.mip6.proxy_advertisements import (
    ArrivalAtRouter,
    ProxySolicitation,
    parsed_neighbour,
)
from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV6
from testbed.measure.mobility.binding_exchanges import find_binding_exchanges
from testbed.measure.mobility.outermost import ETHERNET, HEADER, ip_packet
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

_ICMPV6, _IP6 = 58, 40


def find_fast_exchanges(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return what Mobile IPv6 has, and what fast handovers have beside it, by time, each with its first answer.

    `bytes` are those of mobility headers and of ICMPv6. What routers say to each other is on none of the MN's links.
    """
    found = [*find_binding_exchanges(capture, datagrams, manifest), *_with_neighbours(capture, manifest)]
    return sorted(found, key=lambda one: one.asked_ns)


def _with_neighbours(capture: Capture, manifest: Manifest) -> list[SeenRegistration]:
    """RtSolPr and PrRtAdv, and UNA: of neighbour advertisements those that the MN sends without being asked."""
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    found: list[SeenRegistration] = []
    asked: dict[int, int] = {}
    for row in icmpv6_at(capture, set(links)):
        link, time_ns = links[capture.interfaces[int(capture.interface[row])].name or ""], int(capture.time_ns[row])
        whole = ip_packet(capture, row)
        source = str(ipaddress.IPv6Address(whole[8:24]))
        data = whole[_IP6 : _IP6 + int.from_bytes(whole[4:6], "big")]
        try:
            message = parsed_neighbour(data)
        except NeighbourParseError:
            continue
        if message is None or (isinstance(message, ArrivalAtRouter) and not manifest.mn.has(source)):
            continue
        known = None if isinstance(message, ArrivalAtRouter) else asked.pop(message.identifier, None)
        if known is not None and not isinstance(message, ProxySolicitation):
            found[known] = replace(found[known], bytes=found[known].bytes + len(data), answered_ns=time_ns, code=0)
            continue
        if isinstance(message, ProxySolicitation):
            asked[message.identifier] = len(found)
        found.append(SeenRegistration(link, time_ns, source, 0, len(data), is_home=False))
    return found


def icmpv6_at(capture: Capture, interfaces: set[str]) -> Iterator[int]:
    """Yield the packets at these interfaces that are ICMPv6, with no headers between."""
    own = np.array([one.name in interfaces for one in capture.interfaces] or [False], dtype=np.bool_)
    rows = np.flatnonzero(
        own[capture.interface] & (capture.linktype == ETHERNET) & (capture.captured >= HEADER + _IP6 + 8)
    )
    at = capture.offset[rows] + HEADER
    yield from rows[(words(capture.data, ">u2")[at - 2] == IPV6) & (capture.data[at + 6] == _ICMPV6)].tolist()
