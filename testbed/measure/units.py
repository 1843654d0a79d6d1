"""Times of captures, whole nanoseconds, as results have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean(nanoseconds: NDArray[Any] | None) -> float | None:
    """Return the mean of times in ns, summed as whole nanoseconds; None of nothing."""
    if nanoseconds is None or not len(nanoseconds):
        return None
    return int(np.rint(nanoseconds).astype(np.int64).sum()) / len(nanoseconds)


def ms(nanoseconds: float | None) -> float | None:
    """Return milliseconds with three decimals, as all results have them; None stays None."""
    return None if nanoseconds is None else round(nanoseconds / 1e6, 3) + 0.0


def seconds(nanoseconds: int) -> float:
    """Return seconds with six decimals."""
    return round(nanoseconds / 1e9, 6) + 0.0
