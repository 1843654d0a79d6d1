"""The rows of the packets' table: each copy of each RTP packet of a call, when it left, arrived and was played.

Made of the captures by the functions that result.json is made with, so that its numbers can be counted again here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.call.direction import NO_PATH
from testbed.measure.result.run import MeasuredRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Ints
    from testbed.measure.folder.records import Record
    from testbed.measure.listening.playout import Heard
    from testbed.measure.rtp.streams import RtpPackets

Row = tuple[Any, ...]
_NONE = -1


@dataclass(frozen=True, slots=True)
class _Copies:
    """One entry a row of the table; `sent` and `received` are places among the direction's sightings, or `_NONE`."""

    key: Ints
    sent: Ints
    received: Ints


def packet_rows(records: Iterable[Record]) -> Iterator[Row]:
    """Yield a row for each copy of each packet of each run, as `PACKETS` says; `RunFolderError` without captures.

    A run of which nothing was measured has none, and need not have captures.
    """
    for record in records:
        if record.result is None:
            continue
        who = record.name, record.get("manifest.scheme", "text"), record.get("manifest.seed", "integer")
        yield from ((*who, *row) for row in _run_rows(MeasuredRun(record.folder)))


def _run_rows(run: MeasuredRun) -> Iterator[Row]:
    """Yield the part of each row that follows the run; nothing of the run is kept afterwards."""
    for name, one in run.listened.items():
        for row in _direction_rows(one.direction, one.playout, run.originals, run.start_ns):
            yield (name, *row)


def _direction_rows(direction: Direction, heard: Heard | None, rtp: RtpPackets, start_ns: int) -> Iterator[Row]:
    """Yield the part of each row that follows the direction."""
    copies = _copies(direction)
    arrived = set(direction.received.key.tolist())
    outcome, played_s = _outcomes(heard, start_ns)
    met: set[int] = set()
    for key, sent, received in zip(copies.key.tolist(), copies.sent.tolist(), copies.received.tolist(), strict=True):
        is_first = key not in met
        met.add(key)
        end, place = (direction.received, received) if received != _NONE else (direction.sent, sent)
        seen = None if place == _NONE else int(end.row[place])
        path = NO_PATH if place == _NONE else int(end.path[place])
        sent_ns = None if sent == _NONE else int(direction.sent.time_ns[sent])
        arrival_ns = None if received == _NONE else int(direction.received.time_ns[received])
        yield (
            key,
            None if seen is None else int(rtp.ssrc[seen]),
            None if seen is None else int(rtp.sequence[seen]),
            None if seen is None else int(rtp.timestamp[seen]),
            None if path == NO_PATH else direction.links[path],
            _seconds(sent_ns, start_ns),
            _seconds(arrival_ns, start_ns),
            None if sent_ns is None or arrival_ns is None else (arrival_ns - sent_ns) / 1e6,
            None if arrival_ns is None else not is_first,
            key not in arrived if direction.observed else None,
            outcome.get(key) if is_first else None,
            played_s.get(key) if is_first else None,
        )


def _seconds(time_ns: int | None, start_ns: int) -> float | None:
    """Return scenario seconds to the nanosecond."""
    return None if time_ns is None else (time_ns - start_ns) / 1e9


def _outcomes(heard: Heard | None, start_ns: int) -> tuple[dict[int, str], dict[int, float]]:
    """Return what became of each packet, and when those that were played were, in scenario seconds."""
    if heard is None:
        return {}, {}
    found = {one.sequence: "concealed" for one in heard.concealed if one.sequence is not None}
    found |= {one.sequence: "late" for one in heard.late}
    # One that came while it was being concealed is played next.
    found |= {one.sequence: "played" for one in heard.played}
    played_s = {one.sequence: round(one.at + (heard.origin_ns - start_ns) / 1e9, 9) for one in heard.played}
    return found, played_s


def _copies(direction: Direction) -> _Copies:
    """Return each copy that was sent or arrived, and each packet of which neither is known, in the table's order."""
    sent, received = direction.sent, direction.received
    width = len(direction.links) + 1
    names, firsts = np.unique(sent.key * width + sent.path + 1, return_index=True)
    source = _find(names, firsts, received.key * width + received.path + 1)
    anywhere = _find(names, firsts, received.key * width + NO_PATH + 1)
    source = np.where(source == _NONE, anywhere, source)
    lone = np.setdiff1d(firsts, source)
    unseen = np.setdiff1d(np.arange(direction.keys), np.concatenate([sent.key, received.key]))
    none = np.full(len(lone) + len(unseen), _NONE)
    copies = _Copies(
        key=np.concatenate([received.key, sent.key[lone], unseen]),
        sent=np.concatenate([source, lone, none[: len(unseen)]]),
        received=np.concatenate([np.arange(len(received)), none]),
    )
    # Sightings are in order of time already, and so are places among them.
    order = np.lexsort((copies.sent, copies.received, copies.received == _NONE, copies.key))
    return _Copies(copies.key[order], copies.sent[order], copies.received[order])


def _find(names: Ints, places: Ints, wanted: Ints) -> Ints:
    """Return the place of each wanted one of the sorted `names`, `_NONE` where it is not among them."""
    if not len(names):
        return np.full(len(wanted), _NONE)
    at = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[at] == wanted, places[at], _NONE)
