"""SIP messages of which the capture has a part only are told, also those of which nothing could be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from testbed.report.streams_table import render
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request

if TYPE_CHECKING:
    from pathlib import Path

CALLER, CALLEE = ("192.0.2.10", 5060), ("198.51.100.20", 5060)
WHOLE = frames.udp(CALLER, CALLEE, request("OPTIONS", "cut@caller", 1, branch="z9hG4bKa") + b"x" * 40)


@pytest.mark.parametrize(("kept", "headless"), [(len(WHOLE) - 10, 0), (100, 2), (60, 2)])
def test_how_many_were_cut_and_where(kept: int, headless: int, tmp_path: Path) -> None:
    made = [Frame(START_NS + 600 * n * MS, WHOLE[:kept], wire=len(WHOLE)) for n in range(2)]
    made.append(Frame(START_NS + 900 * MS, frames.udp(CALLER, CALLEE, frames.rtp(1))[:80], wire=214))
    result = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))
    (warning,) = result["warnings"]
    assert warning.startswith("2 SIP messages were cut by the capture")
    assert f"{headless} of them within the header" in warning
    assert result["cut_short"] == 3
    assert "cut short by the capture: 3 packets" in render(result)


def test_whole_ones_are_not_told(tmp_path: Path) -> None:
    result = measure_capture(frames.write_pcap(tmp_path / "a.pcap", [Frame(START_NS, WHOLE)]))
    assert (result["warnings"], result["cut_short"]) == ([], 0)
