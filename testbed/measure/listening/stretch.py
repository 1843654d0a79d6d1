"""Speech made longer or shorter without another pitch, to the sample as long as a playout buffer says.

The buffer states by how much each packet is played longer or shorter and leaves the waveform open
(`agents.rtp.playout`). This is the plain method of W. Verhelst and M. Roelands: An overlap-add technique based on
waveform similarity (WSOLA) for high quality time-scale modification of speech, ICASSP 1993. The sound goes on as it is
until it is `SEARCH_S` away from where it should be; then it goes on from elsewhere near there, at the place that
is most like its own continuation (least sum of differences), with a cross-fade. Voiced speech so gets or loses whole
pitch periods. Whole numbers throughout: the same bytes on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEARCH_S = 0.01
"""So long are sounds that are cross-faded and compared, and a sound is at most so far from where it belongs. Twice
that, where one is looked for, holds a pitch period of any voice above 50 Hz."""


def stretch(
    frames: NDArray[np.int16], lengths: Sequence[int], following: NDArray[np.int16] | None = None, rate_hz: int = 8000
) -> NDArray[np.int16]:
    """Return the speech of `frames`, one a row, in which row n takes `lengths[n]` samples, `rate_hz` a second.

    Begin and end are where they belong, and what is between is up to `SEARCH_S` off. `following` is the speech that
    comes next, if it does so without a hole: the last cross-fade may need some of it, or else fades out the end played
    backwards.
    """
    size, total = frames.size, sum(lengths)
    search = round(SEARCH_S * rate_hz)
    overlap = min(search, min(size, total) // 2)
    speech = frames.reshape(-1).astype(np.int64)
    if not overlap:
        return np.resize(speech, total).astype(np.int16)
    if following is not None:
        speech = np.concatenate([speech, following[: 2 * overlap]])
    speech = np.pad(speech, (0, size + 2 * overlap - len(speech)), mode="symmetric")
    wanted_at = np.concatenate([[0], np.cumsum(lengths)])
    found_at = np.arange(len(frames) + 1) * frames.shape[1]
    out = np.empty(total, dtype=np.int64)
    last, at, read = total - overlap, 0, 0
    while at < total:
        step = _step(at, last, overlap)
        out[at : at + step] = speech[read : read + step]
        at, read = at + step, read + step
        if at == last:
            here = size - overlap
        else:
            ideal = round(float(np.interp(at, wanted_at, found_at)))
            room = len(speech) - 2 * overlap - _step(at + overlap, last, overlap)
            here = _most_alike(speech, read, (ideal - search, min(ideal + search, room)), overlap)
        out[at : at + overlap] = _cross_fade(speech[read : read + overlap], speech[here : here + overlap])
        at, read = at + overlap, here + overlap
    return out.astype(np.int16)


def _step(at: int, last: int, overlap: int) -> int:
    """Return how many samples to copy at `at`: those of one overlap, or all up to the last cross-fade if it is near."""
    return overlap if last - at >= 2 * overlap else last - at


def _most_alike(speech: NDArray[np.int64], read: int, near: tuple[int, int], overlap: int) -> int:
    """Return where to go on: at `read` while that is near enough, else where, near there, it sounds most like that."""
    high = max(near[1], 0)
    low = min(max(near[0], 0), high)
    if low <= read <= high:
        return read
    places = sliding_window_view(speech[low : high + overlap], overlap)
    unlike = np.abs(places - speech[read : read + overlap]).sum(axis=1)
    return low + int(unlike.argmin())


def _cross_fade(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[Any]:
    """Return a sound that begins as `one` and ends as `other`; where they are the same, it is that."""
    length = len(one)
    weight = 2 * np.arange(length) + 1
    return (one * (2 * length - weight) + other * weight + length) // (2 * length)
