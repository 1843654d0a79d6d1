"""Equal rows of several columns get one number: grouping in linear time, without sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture import Ints

_BITS = 16
# Odd 64-bit multipliers (from splitmix64 and its relatives): one a round, so that no two keys collide for ever.
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)


def group_rows(*columns: NDArray[Any]) -> tuple[Ints, Ints]:
    """Return each row's group number, and for each group the row where it appears first.

    Groups are numbered in the order of that first row. Rows are hashed into buckets; a row that differs from the one
    that stands for its bucket takes part in the next round with another hash, until none is left.
    """
    size = len(columns[0])
    ids = np.empty(size, dtype=np.int64)
    left = np.arange(size, dtype=np.int64)
    firsts: list[Ints] = []
    count = turn = 0
    while len(left):
        bucket = _hash([column[left] for column in columns], turn)
        first = np.full(1 << _BITS, -1, dtype=np.int64)
        first[bucket[::-1]] = left[::-1]  # of rows in one bucket the last assignment stays: the first row
        stands_for = first[bucket]
        same = np.ones(len(left), dtype=bool)
        for column in columns:
            same &= column[left] == column[stands_for]
        used = np.flatnonzero(first >= 0)
        number = np.empty(1 << _BITS, dtype=np.int64)
        number[used] = count + np.arange(len(used))
        ids[left[same]] = number[bucket[same]]
        firsts.append(first[used])
        count += len(used)
        left = left[~same]
        turn += 1
    if not firsts:
        return ids, np.empty(0, dtype=np.int64)
    rows = np.concatenate(firsts)
    order = np.argsort(rows)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return rank[ids], rows[order]


def _hash(columns: list[NDArray[Any]], turn: int) -> Ints:
    """Mix the columns of every row into `_BITS` bits; another `turn` mixes differently."""
    multiplier = np.uint64(_MULTIPLIERS[turn % len(_MULTIPLIERS)])
    mixed = np.full(len(columns[0]), turn + 1, dtype=np.uint64)
    for column in columns:
        mixed ^= column.astype(np.uint64)
        mixed *= multiplier
        mixed ^= mixed >> np.uint64(29)
    mixed *= multiplier
    return (mixed >> np.uint64(64 - _BITS)).astype(np.int64)


def spans(sorted_ids: Ints, count: int) -> Ints:
    """Return where each of the groups 0..count-1 begins in `sorted_ids`, and the end: `count` + 1 positions."""
    return np.searchsorted(sorted_ids, np.arange(count + 1))
