"""RTCP of hand-made captures: what was reported, beside what was captured; every number known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agents.rtp.rtcp import (
    CNAME,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
)
from agents.rtp.rtcp_xr import ExtendedReport, VoipMetrics
from testbed.measure import measure_capture, measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.result import tshark
from tests.measure.sip_text import request, response, sdp, with_body

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MN, CN = ("10.1.0.2", 4000), ("10.20.0.2", 4002)
MN_RTCP, CN_RTCP = ("10.1.0.2", 4001), ("10.20.0.2", 4003)
MINE, THEIRS = 0x1234, 0x5678
NTP = 0xE5_00_00_00 << 32
LOST = (30, 31, 60)


def block(**fields: int) -> ReportBlock:
    return ReportBlock(**{**dict.fromkeys(ReportBlock._fields, 0), "ssrc": MINE, **fields})


def compound(ssrc: int, *packets: RtcpPacket, cname: str = "x@y") -> bytes:
    return build_compound([packets[0], SourceDescription(((ssrc, ((CNAME, cname),)),)), *packets[1:]])


def out(at_ms: float, payload: bytes, *, rtcp: bool = True, way_ms: float = 20, arrives: bool = True) -> list[Frame]:
    """From the MN to the CN: seen at interface 0, then at interface 1."""
    frame = frames.udp(*((MN_RTCP, CN_RTCP) if rtcp else (MN, CN)), payload)
    seen = [(at_ms, 0), *([(at_ms + way_ms, 1)] if arrives else [])]
    return [Frame(START_NS + round(at * MS), frame, interface) for at, interface in seen]


def back(at_ms: float, payload: bytes, *, way_ms: float = 30, arrives: bool = True) -> list[Frame]:
    frame = frames.udp(CN_RTCP, MN_RTCP, payload)
    seen = [(at_ms, 1), *([(at_ms + way_ms, 0)] if arrives else [])]
    return [Frame(START_NS + round(at * MS), frame, interface) for at, interface in seen]


def media() -> list[Frame]:
    """Packets 65500 to 65599 (over the wrap-around), one every 20 ms, but for some that get lost; the 50th twice."""
    made = []
    for n in range(100):
        made += out(20 * n, frames.rtp(65500 + n, ssrc=MINE), rtcp=False, arrives=n not in LOST)
    return made + out(1001, frames.rtp(65550, ssrc=MINE), rtcp=False)


def sender_report(seconds: int, packets: int) -> SenderReport:
    return SenderReport(MINE, NTP + (seconds << 32), 160 * packets, packets, 160 * packets)


def measure(folder: Path, made: Iterable[Frame]) -> dict[str, Any] | None:
    ordered = sorted(made, key=lambda frame: frame.time_ns)
    path = frames.write_pcapng(folder / "a.pcapng", ["mn-wifi", "cn-eth0"], ordered)
    (stream,) = measure_capture(path)["streams"]
    found: dict[str, Any] | None = stream["rtcp"]
    return found


def reported() -> list[Frame]:
    """A sender report at 500 ms, answered at 770 ms after 250 ms; another report at 1530 ms, and one that gets lost."""
    first = block(
        fraction_lost=20, cumulative_lost=2, highest_sequence=65536, jitter=80, last_sr=1, delay_since_last_sr=0x4000
    )
    second = first._replace(fraction_lost=0, jitter=160, cumulative_lost=2, highest_sequence=65574, last_sr=0)
    third = second._replace(fraction_lost=128, cumulative_lost=-1, highest_sequence=65575)
    first = first._replace(last_sr=(NTP + (7 << 32)) >> 16 & 0xFFFFFFFF)
    third = third._replace(last_sr=first.last_sr, delay_since_last_sr=0xFFFF)
    return [
        *media(),
        *out(500, compound(MINE, sender_report(7, 25), cname="mn@here")),
        *back(770, compound(THEIRS, ReceiverReport(THEIRS, (first,)))),
        *back(1530, compound(THEIRS, ReceiverReport(THEIRS, (second, block(ssrc=99))))),
        *back(1700, compound(THEIRS, ReceiverReport(THEIRS, (third,))), arrives=False),
        *out(2000, compound(MINE, sender_report(9, 100), Goodbye((MINE,)), cname="mn@here")),
    ]


def test_what_a_receiver_reported_stands_beside_what_was_captured(tmp_path: Path) -> None:
    told = measure(tmp_path, reported())
    assert told is not None
    history = told.pop("history")
    assert told == {
        "reports": 3,
        "cumulative_lost": -1,
        "highest_sequence": 65575,
        "fraction_lost_max": 0.5,
        "jitter_ms": {"mean": round((10 + 20 + 20) / 3, 3), "min": 10.0, "max": 20.0},
        "round_trip_ms": {"mean": 50.0, "min": 50.0, "max": 50.0},
        "captured_lost": 2,
        "sender": {"reports": 2, "packets": 100, "octets": 16000},
        "cname": "mn@here",
        "bye_s": 2.0,
        "voip_metrics": None,
    }
    assert history[0] == {
        "at_s": 0.77,
        "cumulative_lost": 2,
        "captured_lost": 2,
        "fraction_lost": 0.0781,
        "highest_sequence": 65536,
        "jitter_ms": 10.0,
        "round_trip_ms": 50.0,
    }
    # The third lost packet is 65560, a copy of 65550 sets one loss off (A.3).
    assert [one["captured_lost"] for one in history] == [2, 2, 2]
    assert [one["round_trip_ms"] for one in history] == [50.0, None, None]


def test_round_trips_are_those_of_tshark(tmp_path: Path) -> None:
    ours = measure(tmp_path, reported())
    invite = with_body(request("INVITE", "a@mn", 1, branch="z9hG4bK1"), sdp(*MN))
    ok = with_body(response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1"), sdp(*CN))
    signalling = [
        Frame(START_NS, frames.udp((MN[0], 5060), (CN[0], 5060), invite)),
        Frame(START_NS + MS, frames.udp((CN[0], 5060), (MN[0], 5060), ok)),
    ]
    mine = sorted((*signalling, *(one for one in reported() if one.interface == 0)), key=lambda one: one.time_ns)
    path = frames.write_pcap(tmp_path / "mn.pcap", mine)
    text = tshark.run(
        "tshark", "-o", "rtcp.show_roundtrip_calculation:TRUE", "-r", str(path), "-Y", "rtcp.ssrc.fraction",
        "-T", "fields", "-e", "rtcp.roundtrip-delay", "-e", "rtcp.ssrc.cum_nr", "-e", "rtcp.ssrc.high_seq",
    )  # fmt: skip
    rows = [line.split("\t") for line in text.splitlines()]
    assert ours is not None
    assert [float(row[0]) for row in rows if row[0]] == pytest.approx([50], abs=1)
    theirs = [tuple(int(word.split(",")[0]) for word in row[1:3]) for row in rows]
    assert theirs == [(one["cumulative_lost"], one["highest_sequence"] % 65536) for one in ours["history"][:2]]


def test_a_stream_of_which_nobody_spoke_has_no_rtcp(tmp_path: Path) -> None:
    assert measure(tmp_path, media()) is None
    others = back(500, compound(THEIRS, ReceiverReport(THEIRS, (block(ssrc=99),))))
    assert measure(tmp_path, [*media(), *others]) is None


def test_what_is_no_rtcp_is_passed_over(tmp_path: Path) -> None:
    good = compound(THEIRS, ReceiverReport(THEIRS, (block(),)))
    assert (
        measure(tmp_path, [*media(), *back(500, good[:-4]), *back(600, good[:9]), *back(700, b"\x80\xc8" * 9)]) is None
    )
    told = measure(tmp_path, [*media(), *back(500, good)])
    assert told is not None
    assert (told["reports"], told["sender"], told["cname"], told["bye_s"]) == (1, None, None, None)


def test_the_same_report_again_is_another_one(tmp_path: Path) -> None:
    good = compound(THEIRS, ReceiverReport(THEIRS, (block(),)))
    told = measure(tmp_path, [*media(), *back(500, good), *back(900, good)])
    assert told is not None
    assert [one["at_s"] for one in told["history"]] == [0.5, 0.9]


def test_a_round_trip_that_cannot_be_is_none(tmp_path: Path) -> None:
    """The receiver says that it held the report for longer than the whole way took."""
    late = block(last_sr=(NTP + (7 << 32)) >> 16 & 0xFFFFFFFF, delay_since_last_sr=0x10000)
    answer = back(770, compound(THEIRS, ReceiverReport(THEIRS, (late,))))
    told = measure(tmp_path, [*media(), *out(500, compound(MINE, sender_report(7, 25))), *answer])
    assert told is not None
    assert told["round_trip_ms"] == {"mean": None, "min": None, "max": None}


def test_voip_metrics_are_the_last_ones_and_what_they_lack_is_null(tmp_path: Path) -> None:
    blocks = [
        VoipMetrics(MINE, loss_rate=64, discard_rate=8, nominal_delay=60),
        VoipMetrics(MINE, loss_rate=128, mos_listening=41),
    ]
    made = media()
    for number, one in enumerate(blocks):
        made += back(500 + number, compound(THEIRS, ReceiverReport(THEIRS), ExtendedReport(THEIRS, (one,))))
    made += back(600, compound(THEIRS, ReceiverReport(THEIRS, (block(),)), cname="z"))
    told = measure(tmp_path, made)
    assert told is not None
    assert told["voip_metrics"] == {
        "loss_rate": 0.5,
        "discard_rate": 0.0,
        "round_trip_ms": 0,
        "jitter_buffer_nominal_ms": 0,
        "jitter_buffer_maximum_ms": 0,
        "r_factor": None,
        "mos_listening": 4.1,
        "mos_conversation": None,
    }


def test_a_run_has_the_reports_of_each_direction_and_link(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    on_mn, on_cn = block(ssrc=synthetic.MN_SSRC, cumulative_lost=7), block(ssrc=synthetic.CN_SSRC, cumulative_lost=5)
    of_cn = compound(synthetic.CN_SSRC, ReceiverReport(synthetic.CN_SSRC, (on_mn,)))
    of_mn = compound(synthetic.MN_SSRC, ReceiverReport(synthetic.MN_SSRC, (on_cn,)))
    run.carry(of_cn, 6000, link="wifi", to_mn=True, ports=(40001, 40003))
    run.carry(of_mn, 7000, link="umts", to_mn=False, ports=(40003, 40001))
    result = measure_run(run.write(tmp_path / "run"))["media"]
    lost = {
        name: {link: told and told["cumulative_lost"] for link, told in result[name]["rtcp"].items()} for name in result
    }
    assert lost == {"to_mn": {"umts": 5, "wifi": None}, "to_cn": {"umts": None, "wifi": 7}}
    assert result["to_mn"]["rtcp"]["umts"]["history"][0]["at_s"] == 7.0
