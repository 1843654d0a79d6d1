"""ESP with NULL encryption (RFC 4303, RFC 2410), told from encrypted one by what has to be true of it.

Nothing in a packet says how it is encrypted, nor how long the value is that proves its integrity. But at its end it
says what is in it and how much padding follows that (RFC 4303, 2.4 to 2.6), and what is in it says its own length.
Where these agree for one of the lengths that such values have, it can be read: by chance they do for less than one in
ten million. RFC 5879 has such heuristics, and Wireshark them where it is told to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.peeled import PROTOCOL, Step, together

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled

ESP = PROTOCOL + 50
ENCRYPTED, READ = "ESP (encrypted)", "ESP (not encrypted)"
_HEADER, _TRAILER = 8, 2
_PROOFS = (12, 16, 24, 32, 0)
"""Bytes of integrity check values: HMAC-SHA-1-96 and AES-XCBC-96, HMAC-SHA-2-256, -384, -512 (RFC 8221, 6), none."""
_VECTORS = (0, 8)
"""Bytes of initialization vector: none, and that of AES-GMAC (RFC 4543, 3.3)."""
_LENGTH_AT = {17: (4, 0), 4: (2, 0), 41: (4, 40)}
"""Where UDP, IPv4 and IPv6 have their length, and what is not in it: of what else is in ESP nothing tells."""


def _read_esp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    layer = findings.whole(layer, _HEADER, "ESP")
    parts, left = [], layer
    for proof in _PROOFS:
        for vector in _VECTORS:
            behind, is_read = _behind(data, left, proof, vector)
            parts.append(behind.pick(is_read))
            left = left.pick(~is_read)
    findings.unread[ENCRYPTED] += len(left)
    found = together(parts)
    findings.encapsulations[READ] += len(found)
    findings.in_esp.append(found.row)
    return found


def _behind(data: Bytes, layer: Peeled, proof: int, vector: int) -> tuple[Peeled, Booleans]:
    """What would be in ESP with a value of `proof` bytes at its end, and of which packets all agrees with that."""
    at, end = layer.at + _HEADER + vector, layer.end - proof - _TRAILER
    fits = end > at + 8  # of UDP: its header
    here = np.where(fits, end, 0)
    padding, kind = data[here].astype(np.int64), data[here + 1].astype(np.int64)
    end = end - padding
    fits &= end > at + 8
    last = data[np.where(fits & (padding > 0), here - 1, 0)].astype(np.int64)
    fits &= (padding == 0) | (last == padding)  # they are numbered (2.4)
    agrees = np.zeros(len(layer), dtype=np.bool_)
    start = np.where(fits, at, 0)
    for protocol, (place, more) in _LENGTH_AT.items():
        length: Ints = words(data, ">u2")[start + place].astype(np.int64) + more
        agrees |= (kind == protocol) & (length == end - at)
    return replace(layer, at=at, kind=PROTOCOL + kind, end=end), fits & agrees


STEPS = {ESP: Step(_read_esp)}
