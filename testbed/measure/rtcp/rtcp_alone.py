"""RTCP of streams that are not in the capture: what was reported is all that is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.rtp.rtcp import Goodbye, ReceiverReport, SenderReport
from agents.rtp.rtcp_xr import ExtendedReport
from testbed.measure.rtcp.rtcp import Compound, Ends, ReceivedReports, StreamArrivals, describe

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_NOTHING = StreamArrivals(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def of_others(told: ReceivedReports, known: Container[Ends], start_ns: int) -> list[dict[str, Any]]:
    """Return what RTCP says of all streams but those that are `known`, ready for JSON; see `describe`.

    Their clock is not known, so that jitter is told in ticks of it.
    """
    others = dict.fromkeys(ends for one in told.compounds for ends in _streams(one) if ends not in known)
    found = []
    for ends in others:
        said = describe(told, ends, None, _NOTHING, start_ns)
        if said is not None:
            head = {"src": ends.sender, "dst": ends.receiver, "ssrc": f"0x{ends.ssrc:08x}"}
            found.append({**head, "jitter_ticks": _jitter_ticks(told, ends), **said})
    return found


def _streams(one: Compound) -> Iterator[Ends]:
    """Yield the streams that a datagram speaks of: its sender's own, and those that it reports on."""
    there, back = (one.source.ip, one.destination.ip), (one.destination.ip, one.source.ip)
    for packet in one.packets:
        match packet:
            case SenderReport():
                yield Ends(*there, packet.ssrc)
                yield from (Ends(*back, block.ssrc) for block in packet.reports)
            case ReceiverReport():
                yield from (Ends(*back, block.ssrc) for block in packet.reports)
            case ExtendedReport(_, voip):
                yield from (Ends(*back, block.ssrc) for block in voip)
            case Goodbye(ssrcs):
                yield from (Ends(*there, ssrc) for ssrc in ssrcs)


def _jitter_ticks(told: ReceivedReports, ends: Ends) -> dict[str, float | None]:
    """Return mean, least and greatest of the jitters reported, in ticks of the stream's clock."""
    ticks = [
        block.jitter
        for one in told.on(ends.ssrc)
        if ends.back(one)
        for packet in one.packets
        if isinstance(packet, SenderReport | ReceiverReport)
        for block in packet.reports
        if block.ssrc == ends.ssrc
    ]
    if not ticks:
        return dict.fromkeys(("mean", "min", "max"))
    return {"mean": round(sum(ticks) / len(ticks), 3), "min": min(ticks), "max": max(ticks)}
