"""Records that say only how long they are: where does each one begin?

A capture file is such a chain, and a chain cannot be read in parallel. But calls send packets of one size, so whole
runs of records are equally long: a run is found with one strided comparison, and only what is between runs is walked.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Bytes, Ints

_LENGTH = {order: struct.Struct(order + "I").unpack_from for order in "<>"}

ALIKE = 8
"""So many equally long records in a row make it worth looking for a run."""

WINDOW = 1 << 16
"""So many records are read at once, and then decoded while they lie in the processor's cache."""

LONG_RUN = 64
"""After a run of so many, one record of that length is enough: the run was only interrupted."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a record says its length: `overhead` + the number at `length_at`, which lies in `smallest`..`largest`.

    Records of a run agree in the eight bytes at `key_at`, which hold the length.
    """

    order: str
    length_at: int
    key_at: int
    overhead: int
    header: int
    smallest: int
    largest: int
    stop_word: int | None = None


class Stop(Enum):
    """Why a walk ended."""

    END = "the file's end"
    CUT = "the last record is not whole"
    ABSURD = "a record's length is impossible"
    WORD = "a record that starts something new"
    PAUSE = "as many records as were asked for"


@dataclass(frozen=True, slots=True)
class Walk:
    """Offsets of the whole records, where the walk ended, and why."""

    offsets: Ints
    position: int
    stop: Stop


def walk(data: Bytes, start: int, layout: Layout, most: int = sys.maxsize) -> Walk:
    """Follow the chain from `start`; a record that does not fit into `data` whole is not in the result.

    After about `most` records it pauses: it can go on from where it ended.
    """
    found: list[Ints] = []
    keys = words(data, layout.order + "u8")
    position, stop, usual, count = start, None, -1, 0
    while stop is None:
        singles, position, stop = _walk_singles(data, position, layout, usual)
        found.append(np.array(singles, dtype=np.int64))
        count += len(singles)
        if stop is None:
            length = _LENGTH[layout.order](data.data, position + layout.length_at)[0]
            step = layout.overhead + length
            run = _leap(
                keys[position + layout.key_at :: step], min((len(data) - position) // step, max(most - count, 1))
            )
            found.append(np.arange(position, position + step * run, step, dtype=np.int64))
            position += step * run
            count += run
            usual = length if run >= LONG_RUN else -1
            stop = Stop.PAUSE if count >= most else None
    return Walk(np.concatenate(found), position, stop)


def _walk_singles(data: Bytes, position: int, layout: Layout, usual: int) -> tuple[list[int], int, Stop | None]:
    """Walk record by record until the chain ends, or a run begins (then None).

    That is when `ALIKE` of one length came in a row, or the next is as long as those of the run before (`usual`).
    """
    view, end, read = data.data, len(data), _LENGTH[layout.order]
    length_at, overhead, stop_word = layout.length_at, layout.overhead, layout.stop_word
    offsets: list[int] = []
    previous = alike = -1
    while True:
        if position + layout.header > end:
            return offsets, position, Stop.END if position == end else Stop.CUT
        (length,) = read(view, position + length_at)
        if stop_word is not None and read(view, position)[0] == stop_word:
            return offsets, position, Stop.WORD
        if not layout.smallest <= length <= layout.largest:
            return offsets, position, Stop.ABSURD
        if position + overhead + length > end:
            return offsets, position, Stop.CUT
        alike = alike + 1 if length == previous else 0
        if length == usual or alike == ALIKE:
            return offsets, position, None
        previous = length
        offsets.append(position)
        position += overhead + length


def _leap(keys: NDArray[np.uint64], most: int) -> int:
    """Return how many of the numbers, `most` at most, are like the first one; they are compared in growing strides."""
    first, possible, done, size = keys[0], min(len(keys), most), 0, 256
    while done < possible:
        other = keys[done : min(done + size, possible)] != first
        same = int(other.argmax())
        if other[same]:
            return done + same
        done += len(other)
        size = min(size * 4, 1 << 16)
    return done
