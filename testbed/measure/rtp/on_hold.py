"""Silences that were agreed on: a hold divides one, into what was silent before it and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testbed.measure.capture.capture import Booleans, Ints


class OnHold(NamedTuple):
    """From `begin_ns` to `end_ns` a listener was to hear nothing; or, if not `is_certain`, perhaps nothing."""

    begin_ns: int
    end_ns: int
    is_certain: bool


def unagreed_ns(begin_ns: Ints, end_ns: Ints, is_whole: Booleans, holds: Sequence[OnHold]) -> Ints:
    """Return of each silence the longest part in which no hold was; the silence itself where none was in it.

    `is_whole` says where no packet is missing: one that is shows that somebody did send in an uncertain hold.
    """
    longest = end_ns - begin_ns
    for one in holds:
        within = (begin_ns < one.end_ns) & (end_ns > one.begin_ns) & (is_whole | one.is_certain)
        beyond = np.maximum(one.begin_ns - begin_ns, end_ns - one.end_ns).clip(0)
        longest = np.where(within, np.minimum(longest, beyond), longest)
    return longest
