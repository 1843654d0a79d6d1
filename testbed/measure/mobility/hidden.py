"""Datagrams in tunnels by WireGuard: what is in a packet cannot be read, but each has a number, and that can be.

A data message says in clear which session it is of, and a counter that no other message of the session has (the
protocol's paper: Donenfeld, WireGuard, NDSS 2017, 5.4.6). Who sends it got what is in it in clear just before: the
mobile node by the interface of its tunnel, the home end by its own. So the two are paired there, in order and by
length, and wherever the counter is seen again, what is in it is known. Times and paths are those of the packets that
were captured.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.udp_tunnels import WIREGUARD
from testbed.measure.wire.piece import Piece

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams

AROUND = 32
"""Bytes of a data message around what is in it: 16 of header, 16 of authentication (5.4.6)."""
PADDED_TO = 16
WITHIN_NS = 5_000_000
"""So long after it was got in clear a packet may leave: it waits for the processor, not for a link. Less than speech
has between two packets, so that one which never left is not taken for the next one."""
_IPV4_UDP = 28
COLUMNS = ("packet", "source", "destination", "offset", "captured", "length", "fragment")


def with_hidden(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> Datagrams:
    """Return the datagrams with those that are in WireGuard's, where the MN keeps its address by it.

    What was got in clear at the tunnel's interface is not there any more: there it was on its way into a packet. Data
    messages of which nobody knows what is in them are counted as unread.
    """
    hidden, mobile, relay = datagrams.hidden, manifest.mn, manifest.relay
    if hidden is None or mobile.inside is None:
        return datagrams
    names = np.array([one.name or "" for one in capture.interfaces] or [""])
    kept, on_links = (
        np.array([test(one.ip) for one in datagrams.endpoints] or [False])
        for test in (lambda ip: ip == mobile.kept, lambda ip: ip in mobile.addresses)
    )
    at, outer_at = names[capture.interface[datagrams.packet]], names[capture.interface[hidden.packet]]
    at_home = [] if relay is None else [*relay.interfaces.values()]
    up = np.isin(outer_at, [*mobile.interfaces.values()]) & on_links[hidden.source]
    down = np.isin(outer_at, at_home) & on_links[hidden.destination]
    known = {
        **_paired(capture, datagrams, (at == mobile.inside) & kept[datagrams.source], _picked(hidden, up)),
        **_paired(capture, datagrams, np.isin(at, at_home) & kept[datagrams.destination], _picked(hidden, down)),
    }
    within = np.array([known.get(number, -1) for number in _numbers(capture, hidden)], dtype=np.int64)
    empty = int((hidden.length == AROUND).sum())
    return _with(datagrams, _picked(hidden, within >= 0), within[within >= 0], at != mobile.inside, empty)


def _picked(piece: Piece, which: Booleans) -> Piece:
    return Piece(**{name: getattr(piece, name)[which] for name in COLUMNS})


class _Number(NamedTuple):
    """The session that a message is of, as its receiver calls it, and its place in it."""

    receiver: int
    counter: int


def _numbers(capture: Capture, outer: Piece) -> list[_Number]:
    receivers = words(capture.data, "<u4")[outer.offset + 4].tolist()
    counters = words(capture.data, "<u8")[outer.offset + 8].tolist()
    return [_Number(*one) for one in zip(receivers, counters, strict=True)]


def _paired(capture: Capture, datagrams: Datagrams, clear: Booleans, outer: Piece) -> dict[_Number, int]:
    """Return for each data message the row of the datagram in it: the oldest one in clear that is as long as it."""
    rows = np.flatnonzero(clear)
    coming = deque(zip(*_listed(capture.time_ns[datagrams.packet[rows]], datagrams.length[rows], rows), strict=True))
    waiting: deque[tuple[int, int, int]] = deque()
    found: dict[_Number, int] = {}
    leaving = zip(_numbers(capture, outer), *_listed(capture.time_ns[outer.packet], outer.length), strict=True)
    for number, time_ns, length in leaving:
        while coming and coming[0][0] <= time_ns:
            waiting.append(coming.popleft())
        while waiting and waiting[0][0] < time_ns - WITHIN_NS:
            waiting.popleft()
        mine = next((one for one in waiting if _hidden_length(one[1]) == length), None)
        if mine is not None:
            waiting.remove(mine)
            found[number] = mine[2]
    return found


def _listed(*columns: Ints) -> list[list[int]]:
    return [column.tolist() for column in columns]


def _hidden_length(payload: int) -> int:
    """Return how long the data message is that a datagram is in, by its payload."""
    return -(-(payload + _IPV4_UDP) // PADDED_TO) * PADDED_TO + AROUND


def _with(datagrams: Datagrams, outer: Piece, within: Ints, seen: Booleans, empty: int) -> Datagrams:
    """Return the datagrams that were `seen`, and in order those `within` the outer ones; `empty` ones hide none."""
    inner = {name: getattr(datagrams, name)[within] for name in COLUMNS} | {"packet": outer.packet}
    columns: dict[str, Any] = {name: np.concatenate([getattr(datagrams, name)[seen], inner[name]]) for name in COLUMNS}
    order = np.argsort(columns["packet"], kind="stable")
    unread = {**datagrams.unread, WIREGUARD: datagrams.unread.get(WIREGUARD, 0) - len(within) - empty}
    return replace(
        datagrams,
        **{name: column[order] for name, column in columns.items()},
        unread={reason: count for reason, count in unread.items() if count},
        encapsulations={**datagrams.encapsulations, "WireGuard": len(within)},
    )
