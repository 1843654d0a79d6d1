"""Equal rows of several columns get one number: grouping in linear time, without sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints

_MOST_BITS = 16
_CHUNK = 1 << 16
# Odd 64-bit multipliers (from splitmix64 and its relatives): one a round, so that no two keys collide for ever.
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)


def group_rows(*columns: NDArray[Any]) -> tuple[NDArray[np.int32], Ints]:
    """Return each row's group number, and for each group the row where it appears first.

    Groups are numbered in the order of that first row. Rows are taken in chunks, so that there is no need for memory
    many times as large as the columns; what stands for a group is remembered from chunk to chunk.
    """
    size = len(columns[0])
    ids = np.empty(size, dtype=np.int32)
    known: dict[tuple[Any, ...], int] = {}
    firsts: list[int] = []
    for start in range(0, size, _CHUNK):
        part = [column[start : start + _CHUNK] for column in columns]
        here, rows = _group_chunk(part)
        keys = list(zip(*(column[rows].tolist() for column in part), strict=True))
        firsts += [start + row for row, key in zip(rows.tolist(), keys, strict=True) if key not in known]
        numbers = np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int32)
        ids[start : start + _CHUNK] = numbers[here]
    return ids, np.array(firsts, dtype=np.int64)


def _group_chunk(columns: list[NDArray[Any]]) -> tuple[Ints, Ints]:
    """Do the same for a few rows.

    Rows are hashed into buckets; a row that differs from the one that stands for its bucket takes part in the next
    round with another hash, until none is left.
    """
    ids = np.empty(len(columns[0]), dtype=np.int64)
    bits = min(len(ids).bit_length() + 1, _MOST_BITS)
    left: Ints | None = None  # all
    firsts: list[Ints] = []
    count = turn = 0
    while left is None or len(left):
        part = columns if left is None else [column[left] for column in columns]
        bucket = _hash(part, turn, bits)
        first = np.full(1 << bits, -1, dtype=np.int64)
        first[bucket[::-1]] = np.arange(len(bucket))[::-1]  # of rows in one bucket the last assignment stays: the first
        stands_for = first[bucket]
        differs = np.zeros(len(bucket), dtype=bool)
        for column in part:
            differs |= column != column[stands_for]
        used = np.flatnonzero(first >= 0)
        number = np.empty(1 << bits, dtype=np.int64)
        number[used] = count + np.arange(len(used))
        others = np.flatnonzero(differs)
        # Those that differ get a wrong number here, and theirs in a later turn.
        ids[slice(None) if left is None else left] = number[bucket]
        firsts.append(first[used] if left is None else left[first[used]])
        count += len(used)
        left = others if left is None else left[others]
        turn += 1
    rows = np.concatenate(firsts)
    order = np.argsort(rows)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return rank[ids], rows[order]


def _hash(columns: list[NDArray[Any]], turn: int, bits: int) -> Ints:
    """Mix the columns of every row into so many bits; another `turn` mixes differently."""
    multiplier = np.uint64(_MULTIPLIERS[turn % len(_MULTIPLIERS)])
    mixed = np.full(len(columns[0]), turn + 1, dtype=np.uint64)
    for column in columns:
        mixed ^= column.astype(np.uint64)
        mixed *= multiplier
        mixed ^= mixed >> np.uint64(29)
    mixed *= multiplier
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


def spans(sorted_ids: Ints, count: int) -> Ints:
    """Return where each of the groups 0..count-1 begins in `sorted_ids`, and the end: `count` + 1 positions."""
    return np.searchsorted(sorted_ids, np.arange(count + 1))
