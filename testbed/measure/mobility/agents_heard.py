"""Mobile IPv4 with foreign agents at the MN's interfaces: registrations, and how agents are found (RFC 5944 2)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.mip.agent_messages import ICMP, AgentAdvertisement, AgentSolicitation, read_agent_message
from agents.mip.mip_messages import MipParseError
from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4
from testbed.measure.mobility.outermost import ETHERNET, HEADER, ip_packet
from testbed.measure.mobility.registrations import find_registrations
from testbed.measure.mobility.seen_registration import SeenHandshake, SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

_IP = 20


def find_with_agents(
    capture: Capture, datagrams: Datagrams, manifest: Manifest
) -> list[SeenRegistration | SeenHandshake]:
    """Return the registrations as of Mobile IPv4, and advertisements and solicitations, by time.

    `bytes` of the latter are those of ICMP. An advertisement is no answer to a solicitation: most come unasked.
    """
    registered = find_registrations(capture, datagrams, manifest)
    found: list[SeenRegistration | SeenHandshake] = [*registered, *_discovery(capture, manifest)]
    return sorted(found, key=lambda one: one.asked_ns)


def _discovery(capture: Capture, manifest: Manifest) -> Iterator[SeenHandshake]:
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    for one in agent_messages(capture, {*links}):
        if isinstance(one.message, AgentAdvertisement) != manifest.mn.has(one.source):
            yield SeenHandshake(links[one.interface], int(capture.time_ns[one.row]), len(one.data))


class HeardMessage(NamedTuple):
    """An advertisement or a solicitation, its ends, where it was seen (packet and interface), and its bytes of ICMP."""

    message: AgentAdvertisement | AgentSolicitation
    source: str
    destination: str
    row: int
    interface: str
    data: bytes


def agent_messages(capture: Capture, interfaces: set[str]) -> Iterator[HeardMessage]:
    """Yield the messages by which agents are found, at these interfaces, as they come in the capture."""
    for row in _icmp_at(capture, interfaces):
        whole = ip_packet(capture, row)
        data = whole[4 * (whole[0] & 0x0F) : int.from_bytes(whole[2:4], "big")]
        try:
            message = read_agent_message(data)
        except MipParseError:
            continue
        if message is not None:
            source, destination = (str(ipaddress.IPv4Address(whole[at : at + 4])) for at in (12, 16))
            name = capture.interfaces[int(capture.interface[row])].name or ""
            yield HeardMessage(message, source, destination, row, name, data)


def _icmp_at(capture: Capture, interfaces: set[str]) -> Iterator[int]:
    own = np.array([one.name in interfaces for one in capture.interfaces] or [False], dtype=np.bool_)
    is_long = capture.captured >= HEADER + _IP + 8
    rows = np.flatnonzero(own[capture.interface] & (capture.linktype == ETHERNET) & is_long)
    at = capture.offset[rows] + HEADER
    yield from rows[(words(capture.data, ">u2")[at - 2] == IPV4) & (capture.data[at + 9] == ICMP)].tolist()
