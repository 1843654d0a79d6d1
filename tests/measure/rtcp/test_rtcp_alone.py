"""RTCP of streams that were not captured: what was reported is told, by their SSRCs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.rtcp import CNAME, ReportBlock, SenderReport, SourceDescription, build_compound
from testbed.measure.rtcp.rtcp import StreamArrivals
from testbed.report.streams_table import render
from tests.measure.bare import A, B, Bare, of

if TYPE_CHECKING:
    from pathlib import Path

MINE, THEIRS = 0xAAAA, 0xBBBB


def reports(bare: Bare) -> None:
    """Add four reports each way: theirs lost ten more each time, mine nothing."""
    for number in range(4):
        for source, destination, sender, other, lost, jitter in (
            (A, B, MINE, THEIRS, 10 * number, 80),
            (B, A, THEIRS, MINE, 0, 16),
        ):
            block = ReportBlock(other, 26 if lost else 0, lost, 1000 + 250 * number, jitter, 0, 0)
            sent = 250 * number
            report = SenderReport(sender, (0xE5000000 + 5 * number) << 32, 160 * sent, sent, 160 * sent, (block,))
            told = build_compound([report, SourceDescription(((sender, ((CNAME, "user@example"),)),))])
            at_ms = 5000 * number + (0 if source == A else 1000)
            bare.send(at_ms, (source[0], source[1] + 1), (destination[0], destination[1] + 1), told)


def test_reports_without_their_streams_are_told(tmp_path: Path) -> None:
    bare = Bare()
    reports(bare)
    result = bare.measure(tmp_path)
    assert result["streams"] == []
    mine, theirs = sorted(result["rtcp"], key=lambda one: str(one["ssrc"]))
    names = ("ssrc", "src", "dst", "reports", "cumulative_lost", "fraction_lost_max")
    assert of(mine, *names) == ("0x0000aaaa", A[0], B[0], 4, 0, 0.0)
    assert of(theirs, *names) == ("0x0000bbbb", B[0], A[0], 4, 30, 0.1016)  # 26/256
    assert mine["jitter_ticks"] == {"mean": 16.0, "min": 16, "max": 16}
    assert theirs["jitter_ticks"]["max"] == 80
    assert mine["sender"] == {"reports": 4, "packets": 750, "octets": 120_000}
    assert "0x0000bbbb" in render(result)


def test_reports_on_a_stream_that_was_captured_stand_there(tmp_path: Path) -> None:
    bare = Bare()
    reports(bare)
    bare.rtp(range(1000, 1100), ssrc=MINE)
    result = bare.measure(tmp_path)
    assert result["streams"][0]["rtcp"]["reports"] == 4
    assert [one["ssrc"] for one in result["rtcp"]] == ["0x0000bbbb"]


def test_on_a_path_that_stood_by_only_what_went_onto_it_is_expected() -> None:
    numbers = np.array([65_500, 65_550, 65_600, 65_601, 65_603])
    went = np.array([65_500, 14, 64, 65, 66, 67])  # 65550 is 14 of the next round; 65602, that is 66, was lost
    arrivals = StreamArrivals(np.arange(5), numbers)
    assert arrivals.lost_until(65_603, 10) == 104 - 5
    assert arrivals._replace(went=went).lost_until(65_603, 10) == 1
