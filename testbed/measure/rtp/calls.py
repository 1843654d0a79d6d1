"""Copies of one SSRC over several paths, merged: what the receiver has when it takes whichever copy comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.rtp.stream_numbers import extend_sequence, first_arrivals
from testbed.measure.rtp.streams import by_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Ints
    from testbed.measure.rtp.streams import RtpPackets, Stream


@dataclass(frozen=True, slots=True)
class MergedCall:
    """The streams of one SSRC that end at its receiver, and all their packets in order of arrival.

    `rows`, `extended` and `path` have one entry a packet; `path` indexes `streams`.
    """

    ssrc: int
    streams: tuple[Stream, ...]
    rows: Ints
    extended: Ints
    path: Ints

    def first_copies(self) -> list[int]:
        """Return for each path how many new packets it delivered before any other path did."""
        new = first_arrivals(self.extended)
        return [int(copies) for copies in np.bincount(self.path[new], minlength=len(self.streams))]


def merge_calls(rtp: RtpPackets, streams: list[Stream], originals: dict[int, int]) -> Iterator[MergedCall]:
    """Merge the streams of each SSRC, and those of its copies; calls come in the order of their first streams.

    `originals` says which SSRCs are declared to be copies of which (see `copies`).

    A stream into an address from which the same SSRC goes on (a relay, such as a B2BUA) is a hop on the way and no
    copy; it is left out. Where every stream is such a hop, somebody echoes: then each stream is a call of its own.
    """
    by_ssrc: dict[int, list[Stream]] = {}
    for stream in streams:
        by_ssrc.setdefault(originals.get(stream.ssrc, stream.ssrc), []).append(stream)
    for same in by_ssrc.values():
        sources = {stream.source.ip for stream in same if stream.source.ip != stream.destination.ip}
        last_hops = [stream for stream in same if stream.destination.ip not in sources]
        groups = [last_hops] if last_hops else [[stream] for stream in same]
        yield from (_merge(rtp, group) for group in groups)


def _merge(rtp: RtpPackets, streams: list[Stream]) -> MergedCall:
    if len(streams) == 1:
        (one,) = streams
        return MergedCall(one.ssrc, (one,), one.rows, one.extended, np.zeros(len(one.rows), dtype=np.int64))
    rows = np.concatenate([stream.rows for stream in streams])
    path = np.repeat(np.arange(len(streams)), [len(stream.rows) for stream in streams])
    order = by_time(rtp.time_ns[rows], np.arange(len(rows)))
    rows, path = rows[order], path[order]
    return MergedCall(
        ssrc=streams[0].ssrc,
        streams=tuple(streams),
        rows=rows,
        extended=extend_sequence(rtp.sequence[rows]),
        path=path,
    )
