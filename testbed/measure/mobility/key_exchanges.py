"""What a mobile node's IKE daemon asked at its own interfaces (RFC 7296), and what it was answered: MOBIKE (RFC 4555).

All but the first two messages is encrypted. How many and how long they are can be read, and of what kind. An
INFORMATIONAL request that is longer than one without content, or with one short payload, has those of MOBIKE in it,
which say where the node is now; a short one asks whether there is a way, or says the end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from testbed.measure.mobility.at_links import at_links
from testbed.measure.mobility.seen_registration import SeenHandshake, SeenRegistration

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

PORTS = (500, 4500)
_MARKER = bytes(4)
"""Before IKE on the second port, where ESP may come too (RFC 3948, 2.2)."""
_HEADER = 28
_VERSION = 2
_INFORMATIONAL = 37
_IS_RESPONSE = 0x20
_MOST_SHORT = 96
"""Bytes of the longest message without content, or with a Delete: header, its payload's, initialization vector, a block
or two, and a proof of integrity (RFC 7296, 3.1, 3.14). UPDATE_SA_ADDRESSES comes with two hashes of addresses and a
cookie (RFC 4555, 3.5): 136 at least."""
MOVES_S = 3600
"""The lifetime that is noted of a request that moves the tunnel; of all others 0, they bind no address."""


class IkeHeader(NamedTuple):
    """What of a message can be read by anybody (RFC 7296, 3.1)."""

    initiator: bytes
    exchange: int
    is_response: bool
    message_id: int
    length: int


def find_key_exchanges(
    capture: Capture, datagrams: Datagrams, manifest: Manifest
) -> list[SeenRegistration | SeenHandshake]:
    """Return the requests of the MN in order of time, each time that one was sent, with its answer.

    An answer counts with the last sending before it. What the other end asks, and what it is answered, stand alone.
    """
    found: list[SeenRegistration | SeenHandshake] = []
    last: dict[tuple[bytes, int], int] = {}
    seen = [one for port in PORTS for one in at_links(capture, datagrams, manifest, port)]
    for one in sorted(seen, key=lambda one: one.time_ns):
        header = parse_header(one.data)
        if header is None:
            continue
        name, is_ours = (header.initiator, header.message_id), manifest.mn.has(one.source.ip)
        if is_ours and not header.is_response:
            last[name] = len(found)
            moves = header.exchange == _INFORMATIONAL and header.length > _MOST_SHORT
            found.append(SeenRegistration(one.link, one.time_ns, one.source.ip, MOVES_S if moves else 0, header.length))
        elif not is_ours and header.is_response and name in last:
            place = last.pop(name)
            asked = cast("SeenRegistration", found[place])
            found[place] = replace(asked, bytes=asked.bytes + header.length, answered_ns=one.time_ns, code=0)
        else:
            found.append(SeenHandshake(one.link, one.time_ns, header.length))
    return found


def parse_header(data: bytes) -> IkeHeader | None:
    """Return the header of an IKEv2 message in a datagram's payload; None where it is something else."""
    data = data.removeprefix(_MARKER)
    if len(data) < _HEADER or data[17] >> 4 != _VERSION:
        return None
    return IkeHeader(
        data[:8], data[18], bool(data[19] & _IS_RESPONSE), int.from_bytes(data[20:24]), int.from_bytes(data[24:28])
    )
