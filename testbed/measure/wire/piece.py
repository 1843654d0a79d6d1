"""The columns that describe UDP datagrams of a capture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints


@dataclass(frozen=True, slots=True)
class Piece:
    """The columns of `Datagrams`."""

    packet: Ints
    source: NDArray[np.int32]
    destination: NDArray[np.int32]
    offset: Ints
    captured: Ints
    length: Ints
    fragment: NDArray[np.bool_]
