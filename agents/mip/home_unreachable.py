"""What a router says of a Registration Request that it could not pass on (RFC 792), as a node is told of it."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from agents.mip.mip_messages import MipParseError, ReplyCode

UNREACHABLE = 3
# Codes of ICMP: net, host, port unreachable, and what RFC 5944 3.4 makes of them; all others are "unreachable".
_CODES = {
    0: ReplyCode.HOME_NETWORK_UNREACHABLE,
    1: ReplyCode.HOME_AGENT_HOST_UNREACHABLE,
    3: ReplyCode.HOME_AGENT_PORT_UNREACHABLE,
}
_HEADER, _ADDRESSES, _PORTS = 8, struct.Struct("!4s4s"), struct.Struct("!HH")
_ADDRESSES_AT, _LEAST_IP, _UDP = 12, 20, 17


class Unreachable(NamedTuple):
    """Where it was sent to, and the code for the node."""

    destination: str
    code: ReplyCode


def unreachable(data: bytes, source: str, port: int) -> Unreachable | None:
    """An ICMP message about a datagram from `source` to this port; None where it is about another one.

    Raises MipParseError for one that is cut off.
    """
    if len(data) < _HEADER + _LEAST_IP:
        raise MipParseError("an ICMP error that is cut off")
    quoted = data[_HEADER:]
    begin = 4 * (quoted[0] & 0x0F)
    if begin < _LEAST_IP or len(quoted) < begin + _PORTS.size:
        raise MipParseError("an ICMP error that quotes no datagram")
    own, destination = (str(ipaddress.IPv4Address(one)) for one in _ADDRESSES.unpack_from(quoted, _ADDRESSES_AT))
    _, asked = _PORTS.unpack_from(quoted, begin)
    if quoted[9] != _UDP or own != source or asked != port:
        return None
    return Unreachable(destination, _CODES.get(data[1], ReplyCode.HOME_AGENT_UNREACHABLE))
