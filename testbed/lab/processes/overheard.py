"""What a tap gives: the identifiers of a call, its streams' numbers, what STUN's messages say, and packets as they are.

Bytes in, words out: whoever has the sockets is `attacker`.
"""

import ipaddress
import re
import struct
from collections import deque
from typing import NamedTuple

from agents.mip6.mobility_header import MOBILITY, BindingUpdate, CareOfTest, HomeTest, parsed
from agents.mip6.mobility_options import MobilityParseError
from agents.stun.stun_message import StunMessage, StunParseError, is_stun
from testbed.lab.attack_plan import STRANGE_HOPS, Passing

SIP_PORT = 5060
SAMPLES = 160
NOISE = b"\x2a" * SAMPLES
UDP = 17
_IP4, _IP6 = 20, 40
_UDP_HEADER = 8
_DESTINATION_OPTIONS, _ROUTING = 60, 43
_HOME_AT = 8
_HALF = 0x8000
# A stranger's own packets pass too, some routers later.
_MOST_ROUTERS = 8
# Packets that are kept, to be sent again: the oldest, and as many of the newest.
MOST_FIRST, MOST_NEWEST = 500, 4000


class HeardPacket(NamedTuple):
    """A packet of IP that passed: its ends, how many hops it had left, the number of what is in it, and that."""

    source: str
    target: str
    hops: int
    protocol: int
    payload: bytes

    def is_meant(self, wanted: Passing) -> bool:
        """Whether it is one of these."""
        port = int.from_bytes(self.payload[2:4]) if self.protocol == UDP else 0
        return (
            wanted["source"] in {"", self.source}
            and wanted["target"] in {"", self.target}
            and wanted["protocol"] in {0, self.protocol}
            and wanted["port"] in {0, port}
            and self.payload[wanted["at"] :].startswith(bytes.fromhex(wanted["begins"]))
        )


class Overheard:
    """All that was heard so far; `known` is it in words: `from>to/method/name`, `from>to/ssrc`, `from>to/stun/…`."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._first: list[HeardPacket] = []
        self._newest: deque[HeardPacket] = deque(maxlen=MOST_NEWEST)

    def hear(self, data: bytes) -> HeardPacket | None:
        """A packet of IP; None of what is no whole one, and of what a stranger sends."""
        packet = _read(data)
        if packet is None or STRANGE_HOPS - _MOST_ROUTERS < packet.hops <= STRANGE_HOPS:
            return None
        if len(self._first) < MOST_FIRST:
            self._first.append(packet)
        self._newest.append(packet)
        within = _between_homes(packet)
        if within.protocol == UDP and len(within.payload) > _UDP_HEADER:
            self._hear_datagram(within)
        elif within.protocol == MOBILITY:
            self._hear_mobility(within)
        return packet

    def find(self, wanted: Passing) -> HeardPacket:
        """The first one of these, or the newest that is kept; raises KeyError where there is none."""
        kept = [*self._first, *self._newest]
        for one in kept if wanted["which"] == "first" else reversed(kept):
            if one.is_meant(wanted):
                return one
        raise KeyError(wanted["target"])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear_datagram(self, packet: HeardPacket) -> None:
        ports = struct.unpack_from("!HH", packet.payload)
        data = packet.payload[_UDP_HEADER:]
        ends = f"{packet.source}>{packet.target}"
        if SIP_PORT in ports:
            self._hear_sip(ends, data.decode("latin-1"))
        elif data[:1] == b"\x80":
            self._hear_speech(ends, ports, data)
        elif is_stun(data):
            self._hear_stun(ends, data)

    def _hear_sip(self, ends: str, text: str) -> None:
        """What the last message between two hosts said, under `from>to/method/name`."""
        start, _, rest = text.partition("\r\n")
        head = rest.partition("\r\n\r\n")[0]
        fields = {name.lower(): value for name, value in re.findall(r"^([\w-]+): (.*?)\r?$", head, re.MULTILINE)}
        if start.startswith("SIP/2.0"):
            return
        key = f"{ends}/{start.partition(' ')[0]}"
        for name in ("from", "to", "call-id", "authorization", "proxy-authorization"):
            if name in fields:
                self.known[f"{key}/{name}"] = fields[name]
        for name in ("from", "to"):
            if ";tag=" in fields.get(name, ""):
                self.known[f"{key}/{name};tag"] = fields[name].partition(";tag=")[2].partition(";")[0]

    def _hear_speech(self, ends: str, ports: tuple[int, ...], data: bytes) -> None:
        if data.endswith(NOISE) or len(data) < _UDP_HEADER + 4:
            return
        sequence, stamp, ssrc = struct.unpack_from("!HII", data, 2)
        if self.known.get(f"{ends}/ssrc") == str(ssrc):
            last = int(self.known[f"{ends}/sequence"])
            if (sequence - last) & 0xFFFF > _HALF:  # a copy of an old one, by a slower path
                return
        numbers = {"ssrc": ssrc, "sequence": sequence, "stamp": stamp, "source": ports[0], "target": ports[1]}
        self.known |= {f"{ends}/{name}": str(value) for name, value in numbers.items()}

    def _hear_mobility(self, packet: HeardPacket) -> None:
        """The tokens of return routability, and the numbers of updates, under `from>to/mobility/type/…`."""
        try:
            message = parsed(packet.payload, None).message
        except MobilityParseError:
            return
        key = f"{packet.source}>{packet.target}/mobility/{message.kind}"
        if isinstance(message, HomeTest | CareOfTest):
            self.known |= {f"{key}/index": str(message.nonce_index), f"{key}/token": message.token.hex()}
        elif isinstance(message, BindingUpdate):
            self.known[f"{key}/sequence"] = str(message.sequence)

    def _hear_stun(self, ends: str, data: bytes) -> None:
        """The attributes of the last message of its kind, in hexadecimal, under `from>to/stun/type/number`."""
        try:
            message = StunMessage.parse(data)
        except StunParseError:
            return
        for number, value in message.attributes:
            self.known[f"{ends}/stun/{data[:2].hex()}/{number:04x}"] = value.hex()


def _read(data: bytes) -> HeardPacket | None:
    """The ends of a packet, and what is behind its header; of a fragment nothing but the first."""
    if len(data) < _IP4:
        return None
    if data[0] >> 4 == 4:
        source, target, head = data[12:16], data[16:20], (data[0] & 0xF) * 4
        return HeardPacket(_text(source), _text(target), data[8], data[9], data[head:])
    if data[0] >> 4 == 6 and len(data) >= _IP6:
        return HeardPacket(_text(data[8:24]), _text(data[24:40]), data[7], data[6], data[_IP6:])
    return None


def _between_homes(packet: HeardPacket) -> HeardPacket:
    """A packet without the headers by which Mobile IPv6 names home addresses (RFC 6275 6.3, 6.4), of those."""
    for kind in (_DESTINATION_OPTIONS, _ROUTING):
        data = packet.payload
        if packet.protocol == kind and len(data) >= _HOME_AT + 16:
            home = _text(data[_HOME_AT : _HOME_AT + 16])
            source, target = (home, packet.target) if kind == _DESTINATION_OPTIONS else (packet.source, home)
            packet = HeardPacket(source, target, packet.hops, data[0], data[8 * (data[1] + 1) :])
    return packet


def _text(address: bytes) -> str:
    return str(ipaddress.ip_address(address))
