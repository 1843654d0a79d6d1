"""Mobile IPv6 at the mobile node's interfaces (RFC 6275 6.1): updates and tests, each with what answered it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agents.mip6.fast_messages import FastBindingAcknowledgement, FastBindingUpdate
from agents.mip6.mobility_header import (
    MOBILITY,
    UNIT_S,
    BindingAcknowledgement,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    UpdateFlag,
    parsed,
)
from agents.mip6.mobility_options import AlternateCareOf, MobilityParseError
from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV6
from testbed.measure.mobility.outermost import ETHERNET, HEADER, ip_packet
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from agents.mip6.mobility_header import MobilityMessage
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

_TUNNEL, _ROUTING, _OPTIONS = 41, 43, 60
_IP6 = 40
_MOST_HEADERS = 4
_ANSWERS = (BindingAcknowledgement, FastBindingAcknowledgement)


def find_binding_exchanges(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return what the MN asked of its home agents and of correspondents, in order of time, each with the first answer.

    A message that answers nothing is one of its own. They are no datagrams.
    """
    del datagrams
    links = {interface: link for link, interface in manifest.mn.interfaces.items()}
    found: list[SeenRegistration] = []
    asked: dict[Hashable, int] = {}
    for row in with_mobility(capture, set(links)):
        link, time_ns = links[capture.interfaces[int(capture.interface[row])].name or ""], int(capture.time_ns[row])
        whole = ip_packet(capture, row)
        for source, destination, data in mobility_headers(whole):
            try:
                message = parsed(data, None).message
            except MobilityParseError:
                continue
            is_out = manifest.mn.has(source)
            peer = destination if is_out else source
            known = asked.get(_question(message, peer))
            if is_out or known is None or found[known].answered_ns is not None:
                if is_out:
                    asked[_question(message, peer)] = len(found)
                one = _seen(message, link, time_ns, source, len(data))
                found.append(replace(one, is_home=one.is_home and one.care_of != manifest.mn.regional))
            else:
                code = message.status if isinstance(message, _ANSWERS) else 0
                size = found[known].bytes + len(data)
                found[known] = replace(found[known], bytes=size, answered_ns=time_ns, code=code)
    return found


def with_mobility(capture: Capture, interfaces: set[str]) -> list[int]:
    """Return the packets at these interfaces in which there may be a mobility header, as far as IPv6 headers tell."""
    own = np.array([one.name in interfaces for one in capture.interfaces] or [False], dtype=np.bool_)
    rows = np.flatnonzero(
        own[capture.interface] & (capture.linktype == ETHERNET) & (capture.captured >= HEADER + _IP6 + 8)
    )
    at = capture.offset[rows] + HEADER
    is_ip6 = words(capture.data, ">u2")[at - 2] == IPV6
    rows, at = rows[is_ip6], at[is_ip6]
    kind, behind = capture.data[at + 6], capture.data[at + _IP6]
    is_extended = np.isin(kind, (_ROUTING, _OPTIONS)) & (behind == MOBILITY)
    in_tunnel = kind == _TUNNEL
    inner = np.where(in_tunnel & (capture.captured[rows] >= HEADER + 2 * _IP6), at + _IP6 + 6, at)
    in_tunnel &= np.isin(capture.data[inner], (MOBILITY, _ROUTING, _OPTIONS))
    found: list[int] = rows[(kind == MOBILITY) | is_extended | in_tunnel].tolist()
    return found


def mobility_headers(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield the innermost IPv6 packet's ends, as they are on the wire, and its mobility header, if it has one."""
    while len(data) >= _IP6:
        kind, at = data[6], _IP6
        end = min(len(data), _IP6 + int.from_bytes(data[4:6], "big"))
        ends = (str(ipaddress.IPv6Address(data[8:24])), str(ipaddress.IPv6Address(data[24:40])))
        for _ in range(_MOST_HEADERS):
            if kind in {_ROUTING, _OPTIONS} and at + 8 <= end:
                kind, at = data[at], at + 8 * (data[at + 1] + 1)
        if kind == MOBILITY:
            yield *ends, data[at:end]
        if kind != _TUNNEL:
            return
        data = data[at:end]


def _question(message: MobilityMessage, peer: str) -> Hashable:
    """Return what a message and its answer have in common; None of what is neither."""
    if isinstance(message, BindingUpdate | BindingAcknowledgement):
        return peer, message.sequence
    if isinstance(message, FastBindingUpdate | FastBindingAcknowledgement):
        return peer, "fast", message.sequence
    if isinstance(message, HomeTestInit | HomeTest):
        return "home", message.cookie
    if isinstance(message, CareOfTestInit | CareOfTest):
        return "care-of", message.cookie
    return None


def _seen(message: MobilityMessage, link: str, time_ns: int, source: str, size: int) -> SeenRegistration:
    if not isinstance(message, BindingUpdate):
        return SeenRegistration(link, time_ns, source, 0, size, is_home=False)
    care_of = next((one.address for one in message.options if isinstance(one, AlternateCareOf)), source)
    is_home = bool(message.flags & (UpdateFlag.HOME_REGISTRATION | UpdateFlag.LOCAL))
    return SeenRegistration(link, time_ns, care_of, message.units * UNIT_S, size, is_home=is_home)
