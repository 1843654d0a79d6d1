"""What was said beside SIP to keep a call where the mobile node is, message by message, in words.

A row for each protocol says who reads it. What is encrypted is told as that, with how long it is.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.mip.agent_messages import ALL_SYSTEMS, AgentSolicitation
from agents.mip.mip_messages import PORT as REGISTRATION_PORT
from agents.mip.mip_messages import MipParseError, parse_reply, parse_request
from agents.mip6.mobility_header import UNIT_S, UpdateFlag, parsed
from agents.mip6.mobility_options import AlternateCareOf, MobilityParseError
from agents.mip6.neighbour_messages import NeighbourParseError
from agents.mip6.proxy_advertisements import ArrivalAtRouter, ProxySolicitation, parsed_neighbour
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
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
from testbed.measure.mobility.agents_heard import agent_messages
from testbed.measure.mobility.at_links import stun_in
from testbed.measure.mobility.binding_exchanges import mobility_headers, with_mobility
from testbed.measure.mobility.fast_exchanges import icmpv6_at
from testbed.measure.mobility.handshakes import PORT as WIREGUARD_PORT
from testbed.measure.mobility.handshakes import SIZES
from testbed.measure.mobility.hidden import AROUND
from testbed.measure.mobility.key_exchanges import PORTS, parse_header
from testbed.measure.mobility.outermost import ip_packet
from testbed.measure.mobility.protocols_seen import ICE, TURN
from testbed.measure.mobility.refreshes import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agents.mip6.mobility_header import MobilityMessage
    from testbed.measure.capture.capture import Booleans, Capture
    from testbed.measure.wire.packets import Datagrams

_IP6 = 40
_ENCRYPTED = "encrypted"
_PROXY_ANSWER = 0x20
_EXCHANGES = {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL"}
_READABLE = 34
# Where initials would say something else.
_SHORT = {"Handover Acknowledge": "HAck", "Home Test": "HoT", "Home Test Init": "HoTI", "Care-of Test": "CoT",
          "Care-of Test Init": "CoTI"}  # fmt: skip
_HANDSHAKES = {1: "Handshake Initiation", 2: "Handshake Response", 3: "Cookie Reply"}
_OF_MEDIA = frozenset({Method.SEND, Method.DATA})
_NEIGHBOURS = {True: "Router Solicitation for Proxy", False: "Proxy Router Advertisement"}


class SaidWords(NamedTuple):
    """What a message is, in a few words, in fewer, and what is to be said beside it."""

    name: str
    short: str
    notes: tuple[str, ...] = ()


class SaidMessage(NamedTuple):
    """A message at an interface (its number in the capture), whoever passed it on: its ends, its words, its bytes.

    `size` is how many it had: of UDP payload, of a mobility header, or of ICMPv6.
    """

    time_ns: int
    interface: int
    source: str
    destination: str
    words: SaidWords
    data: bytes
    size: int


class SaidRow(NamedTuple):
    """`find` gives the messages in a capture of some nodes; `at_routers`: routers of access links speak it too."""

    find: Callable[[Capture, Datagrams], Iterator[SaidMessage]]
    at_routers: bool = False


def _on_ports(*ports: int) -> Callable[[Capture, Datagrams], Booleans]:
    def which(capture: Capture, datagrams: Datagrams) -> Booleans:
        del capture
        is_port = np.array([end.port in ports for end in datagrams.endpoints] or [False], dtype=np.bool_)
        found: Booleans = is_port[datagrams.source] | is_port[datagrams.destination]
        return found

    return which


def _datagrams(
    which: Callable[[Capture, Datagrams], Booleans], words_of: Callable[[bytes, int], SaidWords | None]
) -> Callable[[Capture, Datagrams], Iterator[SaidMessage]]:
    """Return who finds those datagrams for which `words_of` has words, given their payload and its length."""

    def find(capture: Capture, datagrams: Datagrams) -> Iterator[SaidMessage]:
        for row in np.flatnonzero(which(capture, datagrams)).tolist():
            packet, start, size = (
                int(column[row]) for column in (datagrams.packet, datagrams.offset, datagrams.length)
            )
            data = capture.data[start : start + int(datagrams.captured[row])].tobytes()
            words = words_of(data, size)
            if words is not None:
                source, destination = (datagrams.endpoints[int(end[row])].ip for end in
                                       (datagrams.source, datagrams.destination))  # fmt: skip
                yield SaidMessage(int(capture.time_ns[packet]), int(capture.interface[packet]), source, destination,
                                  words, data, size)  # fmt: skip

    return find


def _registration(data: bytes, size: int) -> SaidWords | None:
    """RFC 5944 3.3, 3.4."""
    del size
    try:
        request, _ = parse_request(data)
    except MipParseError:
        pass
    else:
        return SaidWords("Registration Request", "RRQ", (request.care_of, f"for {request.lifetime_s} s"))
    try:
        reply, _ = parse_reply(data)
    except MipParseError:
        return None
    return SaidWords(f"Registration Reply {reply.code}", f"RRP {reply.code}")


def _handshake(data: bytes, size: int) -> SaidWords | None:
    kind = int.from_bytes(data[:4], "little")
    if SIZES.get(kind) != size:
        return None
    return SaidWords(_HANDSHAKES[kind], _HANDSHAKES[kind].split()[-1], ("partly encrypted", f"{size} bytes"))


def _handshakes(capture: Capture, datagrams: Datagrams) -> Iterator[SaidMessage]:
    """Handshakes, and packets in which there is nothing (Donenfeld 2017, 5.4)."""
    yield from _datagrams(_on_ports(WIREGUARD_PORT), _handshake)(capture, datagrams)
    hidden = datagrams.hidden
    if hidden is not None:
        for row in np.flatnonzero(hidden.length == AROUND).tolist():
            packet, start = int(hidden.packet[row]), int(hidden.offset[row])
            data = capture.data[start : start + AROUND].tobytes()
            source, destination = (datagrams.endpoints[int(one[row])].ip for one in (hidden.source, hidden.destination))
            words = SaidWords("empty packet", "empty", (_ENCRYPTED, f"{AROUND} bytes"))
            place = int(capture.time_ns[packet]), int(capture.interface[packet])
            yield SaidMessage(*place, source, destination, words, data, AROUND)


def _exchange(data: bytes, size: int) -> SaidWords | None:
    """RFC 7296 3.1: all but the first two messages can be read as far as their header."""
    header = parse_header(data)
    if header is None:
        return None
    name = _EXCHANGES.get(header.exchange, f"exchange {header.exchange}")
    way = "response" if header.is_response else "request"
    notes = () if header.exchange == _READABLE else (_ENCRYPTED,)
    return SaidWords(f"IKE {name} {way}", "IKE", (*notes, f"{size} bytes"))


def _stun(data: bytes, size: int) -> SaidWords | None:
    """RFC 8489, 8656: what is no media; and what coturn answers a ticket by, which is no message."""
    try:
        message = StunMessage.parse(data)
    except StunParseError:
        return None
    if message.method in _OF_MEDIA:
        return None
    name = Method(message.method).name.replace("_", " ").title() if message.method in {*Method} else "STUN"
    notes = (*(("with a ticket",) if message.get(Attribute.MOBILITY_TICKET) else ()),
             *(("nominates",) if message.get(Attribute.USE_CANDIDATE) is not None else ()))  # fmt: skip
    if message.kind == MessageClass.ERROR:
        name = f"{name} {code_of(message)}"
    elif message.kind == MessageClass.SUCCESS:
        name = f"{name} done"
    return SaidWords(name, name, (*notes, f"{size} bytes"))


def _turn(data: bytes, size: int) -> SaidWords | None:
    return _stun(data, size) or (SaidWords(f"{size} bytes, no message", "no message") if size == _ODD_BYTES else None)


#: What coturn 4.6.1 answers a Refresh with a ticket by (testbed/measure/mobility/refreshes.py).
_ODD_BYTES = 24


def _mobility(capture: Capture, datagrams: Datagrams) -> Iterator[SaidMessage]:
    """Mobility headers, at whatever interfaces there are, in tunnels too: by the ends of the innermost packet."""
    del datagrams
    for row in with_mobility(capture, {one.name or "" for one in capture.interfaces}):
        whole = ip_packet(capture, row)
        for source, destination, data in mobility_headers(whole):
            try:
                message = parsed(data, None).message
            except MobilityParseError:
                continue
            place = int(capture.time_ns[row]), int(capture.interface[row])
            yield SaidMessage(*place, source, destination, _of_header(message), data, len(data))


def _of_header(message: MobilityMessage) -> SaidWords:
    """RFC 6275 6.1, RFC 5213 8.1, RFC 5568 6.2."""
    name = "".join(f" {one}" if one.isupper() else one for one in type(message).__name__).strip()
    name = name.replace("Care Of", "Care-of")
    flags = getattr(message, "flags", 0)
    is_answer = hasattr(message, "status") or name.startswith("Handover Acknowledge")
    proxied = _PROXY_ANSWER if is_answer else UpdateFlag.PROXY
    if name.startswith("Binding") and flags & proxied:
        name = f"Proxy {name}"
    if flags & UpdateFlag.LOCAL and not is_answer:
        name = f"Local {name}"
    short = _SHORT.get(name, "".join(one[0] for one in name.split()))
    if is_answer:
        code = getattr(message, "status", getattr(message, "code", None))
        return SaidWords(f"{name} {code}", f"{short} {code}")
    notes = [one.address for one in message.options if isinstance(one, AlternateCareOf)]
    if hasattr(message, "units"):
        notes.append(f"for {message.units * UNIT_S} s")
    return SaidWords(name, short, tuple(notes))


def _fast(capture: Capture, datagrams: Datagrams) -> Iterator[SaidMessage]:
    """The same, and what is asked of routers about their neighbours (RFC 5568 6.1, 6.3)."""
    yield from _mobility(capture, datagrams)
    for row in icmpv6_at(capture, {one.name or "" for one in capture.interfaces}):
        whole = ip_packet(capture, row)
        data = whole[_IP6 : _IP6 + int.from_bytes(whole[4:6])]
        try:
            message = parsed_neighbour(data)
        except NeighbourParseError:
            continue
        if message is None:
            continue
        source, destination = (str(ipaddress.IPv6Address(whole[at : at + 16])) for at in (8, 24))
        name = _NEIGHBOURS[isinstance(message, ProxySolicitation)]
        if isinstance(message, ArrivalAtRouter):
            name = "Unsolicited Neighbor Advertisement"
        words = SaidWords(name, "".join(one[0] for one in name.split()))
        place = int(capture.time_ns[row]), int(capture.interface[row])
        yield SaidMessage(*place, source, destination, words, data, len(data))


def _with_agents(capture: Capture, datagrams: Datagrams) -> Iterator[SaidMessage]:
    """Registrations, who asks for agents, and what he is answered (RFC 5944 2); not what they say unasked."""
    yield from _datagrams(_on_ports(REGISTRATION_PORT), _registration)(capture, datagrams)
    for one in agent_messages(capture, {at.name or "" for at in capture.interfaces}):
        if isinstance(one.message, AgentSolicitation):
            words = SaidWords("Agent Solicitation", "AS")
        elif one.destination == ALL_SYSTEMS:
            continue
        else:
            words = SaidWords("Agent Advertisement", "AA", one.message.care_of)
        place = int(capture.time_ns[one.row]), int(capture.interface[one.row])
        yield SaidMessage(*place, one.source, one.destination, words, one.data, len(one.data))


SAID = {
    MOBILE_IPV4: SaidRow(_datagrams(_on_ports(REGISTRATION_PORT), _registration)),
    MOBILE_IPV4_FA: SaidRow(_with_agents, at_routers=True),
    MOBILE_IPV6: SaidRow(_mobility),
    HIERARCHICAL_MOBILE_IPV6: SaidRow(_mobility, at_routers=True),
    FAST_MOBILE_IPV6: SaidRow(_fast, at_routers=True),
    PROXY_MOBILE_IPV6: SaidRow(_mobility, at_routers=True),
    WIREGUARD: SaidRow(_handshakes),
    MOBIKE: SaidRow(_datagrams(_on_ports(*PORTS), _exchange)),
    TURN: SaidRow(_datagrams(_on_ports(TURN_PORT), _turn)),
    ICE: SaidRow(_datagrams(stun_in, _stun)),
}
"""By what keeps an address, or moves media."""
