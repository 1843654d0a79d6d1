"""The table in the terminal says what the JSON says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.rtp.rtcp import CNAME, ReceiverReport, ReportBlock, SourceDescription, build_compound
from testbed.measure import measure_capture
from testbed.report.streams_table import render
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request

if TYPE_CHECKING:
    from pathlib import Path

CN, WIFI, UMTS = ("2001:db8::1", 4000), ("2001:db8::2", 4002), ("2001:db8::3", 4004)


def test_streams_calls_sip_and_warnings_are_shown(tmp_path: Path) -> None:
    made = [Frame(START_NS + n * 20 * MS, frames.udp(CN, to, frames.rtp(n))) for n in range(10) for to in (WIFI, UMTS)]
    made.append(Frame(START_NS + 200 * MS, frames.udp(WIFI, CN, request("BYE", "[bold]@mn", 2, branch="z"))))
    path = frames.write_pcap(tmp_path / "a.pcap", made)
    path.write_bytes(path.read_bytes() + b"\0" * 7)
    text = render(measure_capture(path))
    assert "[2001:db8::1]:4000 [2001:db8::3]:4004 0x00001234" in text
    assert "The same stream over several paths, merged" in text
    assert "BYE" in text
    assert "[bold]@mn" in text
    assert " – " in text, "an unanswered BYE has no duration, and not one of 0"
    assert "warning: cut off in packet 22" in text


def test_dialogs_and_reports_are_shown(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    reports = build_compound(
        [
            ReceiverReport(synthetic.CN_SSRC, (ReportBlock(synthetic.MN_SSRC, 0, -3, 10, 8, 0, 0),)),
            SourceDescription(((synthetic.CN_SSRC, ((CNAME, "cn"),)),)),
        ]
    )
    run.carry(reports, 6000, link="wifi", to_mn=True, ports=(40001, 40003))
    lines = render(measure_capture(run.write(tmp_path / "run") / "run.pcapng")).splitlines()
    rows = [" ".join(line.split()) for line in lines]
    assert "1 0.000 10.1.0.2:5060 10.20.0.2:5060 8.000 ended by caller at 7.000 s a@mn" in rows
    assert "2 5.504 10.2.0.2:5060 10.20.0.2:5060 224.000 takes over from 1, ended by caller at 14.700 s b@mn" in rows
    assert "10.1.0.2:40002 10.20.0.2:40000 0x0000beef 1 -3 0 1.000 – – –" in rows


def test_a_capture_without_streams_says_so(tmp_path: Path) -> None:
    assert render(measure_capture(frames.write_pcap(tmp_path / "a", []))) == "No RTP stream found in 0 packets.\n"


def test_merged_call_s_mos_that_is_not_to_be_trusted_says_so(tmp_path: Path) -> None:
    """Each stream of it lost nothing, but the second path is so late that a listener with 60 ms misses some at once."""
    made = []
    for n in range(400):
        path, late_ms = (WIFI, 0) if n < 200 else (UMTS, 300)
        made.append(Frame(START_NS + (n * 20 + late_ms) * MS, frames.udp(CN, path, frames.rtp(n))))
    result = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))
    (call,) = result["calls"]
    assert call["lost"] == 0
    assert "the E-model was not made for that" in call["quality_doubt"]
    assert f"MOS of 0x00001234, merged: {call['quality_doubt']}" in " ".join(render(result).split())
