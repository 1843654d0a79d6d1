"""From a capture's packets to the datagrams and segments in them: one header after the other, as the tables say.

Packets that have the same header next are read together, as arrays. However deep they are nested, that ends after
`MOST_HEADERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.headers import esp, ethernet, internet, link_types, ppp, tunnels, udp_tunnels, wlan
from testbed.measure.headers.peeled import (
    DATAGRAM,
    FRAMED,
    HEP,
    LINK,
    OTHER,
    PPP,
    PROTOCOL,
    SEGMENT,
    Findings,
    Peeled,
    in_order,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.capture.capture import Bytes, Capture, Ints

MOST_HEADERS = 40
"""Of one packet: what has more was made to have them."""

STEPS = {
    **link_types.STEPS,
    **ethernet.STEPS,
    **ppp.STEPS,
    **wlan.STEPS,
    **internet.STEPS,
    **esp.STEPS,
    **tunnels.STEPS,
    **udp_tunnels.STEPS,
}
"""What comes next in a packet -> how it is read."""

NO_MEDIA = {**ethernet.NO_MEDIA, **internet.NO_MEDIA}
NOT_READ = {**ethernet.NOT_READ, **ppp.NOT_READ, **internet.NOT_READ, **udp_tunnels.NOT_READ}
ENDS = (DATAGRAM, FRAMED, HEP, SEGMENT)
"""What reading ends with."""


def peel(capture: Capture, rows: Ints, findings: Findings) -> dict[int, Peeled]:
    """Return what is in these packets of a capture, in its order, by what it is: one of `ENDS`."""
    ends: dict[int, list[Peeled]] = {kind: [] for kind in ENDS}
    waiting = _by_kind([_start(capture, rows)], ends, findings)
    for _ in range(MOST_HEADERS):
        if not waiting:
            break
        waiting = _by_kind([_read(capture.data, kind, layer, findings) for kind, layer in waiting], ends, findings)
    findings.unread[f"more than {MOST_HEADERS} headers"] += sum(len(layer) for _, layer in waiting)
    return {kind: in_order(together(parts)) for kind, parts in ends.items()}


def _start(capture: Capture, rows: Ints) -> Peeled:
    linktypes = np.array([one.linktype for one in capture.interfaces], dtype=np.int64)
    at = capture.offset[rows]
    return Peeled(
        row=rows,
        at=at,
        kind=LINK + linktypes[capture.interface[rows]],
        end=at + capture.captured[rows],
        ip=at,
        ports=at,
        fragment=np.zeros(len(rows), dtype=np.bool_),
    )


def _read(data: Bytes, kind: int, layer: Peeled, findings: Findings) -> Peeled:
    step = STEPS[kind]
    if step.name:
        findings.encapsulations[step.name] += len(layer)
    return step.read(data, layer, findings)


def _by_kind(found: Iterable[Peeled], ends: dict[int, list[Peeled]], findings: Findings) -> list[tuple[int, Peeled]]:
    """Return the packets that have the same header next together; those at an end go there, the others are counted."""
    waiting: dict[int, list[Peeled]] = {}
    for layer in found:
        for kind, count in _kinds(layer.kind):
            if kind in STEPS or kind in ends:
                here = layer if count == len(layer) else layer.pick(layer.kind == kind)
                (ends[kind] if kind in ends else waiting.setdefault(kind, [])).append(here)
            elif kind in NO_MEDIA:
                findings.others[NO_MEDIA[kind]] += count
            elif kind - PPP >= ppp.CONTROL_FROM and kind < OTHER:
                findings.others["PPP control"] += count
            else:
                findings.unread[NOT_READ.get(kind) or _unknown(kind)] += count
                if findings.hidden is not None and kind in udp_tunnels.HIDDEN:
                    findings.hidden.append(layer.pick(layer.kind == kind))
    return [(kind, together(parts)) for kind, parts in sorted(waiting.items())]


def _kinds(kind: Ints) -> list[tuple[int, int]]:
    """Return the different numbers in an array, and how often each is in it; nearly always there is one."""
    if not len(kind) or (kind == kind[0]).all():
        return [(int(kind[0]), len(kind))] if len(kind) else []
    counts = np.bincount(kind)
    found = np.flatnonzero(counts)
    return list(zip(found.tolist(), counts[found].tolist(), strict=True))


def _unknown(kind: int) -> str:
    if kind >= PPP:
        return f"PPP protocol 0x{kind - PPP:04x} is not known"
    if kind >= PROTOCOL:
        return f"IP protocol {kind - PROTOCOL} is not known"
    return f"link type {kind - LINK} is not known" if kind >= LINK else f"EtherType 0x{kind:04x} is not known"
