"""PPP, by itself, in HDLC-like framing and with what is put before it (RFC 1661, RFC 1662, RFC 2637).

Not done: multilink, compressed headers (RFC 1144) and payloads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4, IPV6, MPLS
from testbed.measure.headers.peeled import ETHERNET, LINK, PPP, Step

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Bytes
    from testbed.measure.headers.peeled import Findings, Peeled, Reader

CISCO_HDLC = LINK + 104

CONTROL_FROM = 0x8000
"""Control protocols: of the link, of its layers, of authentication (RFC 1661, 2)."""
NOT_READ = {
    PPP + 0x002D: "PPP with compressed TCP headers",
    PPP + 0x002F: "PPP with compressed TCP headers",
    PPP + 0x003D: "PPP multilink",
    PPP + 0x0053: "PPP (encrypted)",
    PPP + 0x00FB: "PPP (compressed)",
    PPP + 0x00FD: "PPP (compressed or encrypted)",
}


def read_ppp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """With address and control field or without; a protocol may have one byte (RFC 1662, 3.1; RFC 1661, 6.5)."""
    layer = findings.whole(layer, 2, "PPP")
    numbers = words(data, ">u2")
    layer = layer.next(np.where(numbers[layer.at] == 0xFF03, 2, 0), 0)
    layer = findings.whole(layer, 1, "PPP")
    first = data[layer.at].astype(np.int64)
    short = first & 1 == 1
    layer = findings.keep(layer, short | (layer.at + 2 <= layer.end), "cut off in the PPP header")
    first = data[layer.at].astype(np.int64)
    short = first & 1 == 1
    protocol = np.where(short, first, first << 8 | data[np.minimum(layer.at + 1, len(data) - 1)])
    return layer.next(np.where(short, 1, 2), PPP + protocol)


def _is(kind: int, size: int = 0) -> Reader:
    """Return what steps over `size` bytes to something that is always the same."""

    def read(_: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        return findings.whole(layer, size, "PPP").next(size, kind)

    return read


def _read_serial(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """A synchronous line: PPP, or Cisco's HDLC as its address says."""
    layer = findings.whole(layer, 1, "PPP")
    is_cisco = np.isin(data[layer.at], (0x0F, 0x8F))
    return layer.next(0, np.where(is_cisco, CISCO_HDLC, LINK + 9))


def _read_cisco(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    layer = findings.whole(layer, 4, "HDLC")
    kind = words(data, ">u2")[layer.at + 2].astype(np.int64)
    layer = layer.next(4, kind)
    return findings.without(layer, kind == 0x8035, "Cisco SLARP")


def _read_pppd(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """The direction is in place of the address field."""
    layer = findings.whole(layer, 2, "PPP")
    return layer.next(np.where(data[layer.at + 1] == 3, 2, 1), LINK + 9)


STEPS = {
    LINK + 9: Step(read_ppp, "PPP"),
    LINK + 50: Step(_read_serial),
    CISCO_HDLC: Step(_read_cisco, "Cisco HDLC"),
    LINK + 166: Step(_read_pppd),
    LINK + 204: Step(_is(LINK + 9, 1)),
    PPP + 0x0021: Step(_is(IPV4)),
    PPP + 0x0031: Step(_is(ETHERNET, 2)),  # bridged (RFC 3518, 4.2)
    PPP + 0x0057: Step(_is(IPV6)),
    PPP + 0x0281: Step(_is(MPLS)),
    PPP + 0x0283: Step(_is(MPLS)),
}
