"""RTCP packets on the wire (RFC 3550, section 6; RFC 3611)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.rtcp import (
    CNAME,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    is_rtcp,
    parse_compound,
)
from agents.rtp.rtcp_xr import ExtendedReport, RtcpParseError, VoipMetrics, adjustment_rate

NAME = SourceDescription(((1, ((CNAME, "mn@10.0.0.1"),)),))
WIRE = bytes.fromhex(
    "81c90007 00000001"  # RR of SSRC 1, one block
    "00000002 40fffffc 0001000a 00000010 12345678 00010000"  # 1/4 lost, but -4 in total
    "81ca0005 00000001 010b 6d6e4031302e302e302e31 00 0000"  # CNAME mn@10.0.0.1
)


def test_receiver_report_with_more_copies_than_losses() -> None:
    report, description = parse_compound(WIRE)
    assert report == ReceiverReport(1, (ReportBlock(2, 64, -4, 0x1000A, 16, 0x12345678, 0x10000),))
    assert description == NAME
    assert isinstance(description, SourceDescription)
    assert description.cname(1) == "mn@10.0.0.1"
    assert description.cname(2) is None
    assert build_compound([report, description]) == WIRE
    assert is_rtcp(WIRE)
    assert not is_rtcp(b"\x80\x00" + WIRE[2:])


def test_lost_is_clamped_to_24_bits() -> None:
    block = ReportBlock(2, 0, 2**30, 0, 0, 0, 0)
    built = build_compound([ReceiverReport(1, (block, block._replace(cumulative_lost=-(2**30)))), NAME])
    report = parse_compound(built)[0]
    assert isinstance(report, ReceiverReport)
    assert [b.cumulative_lost for b in report.reports] == [0x7FFFFF, -0x800000]


def test_unknown_packets_are_skipped_and_padding_taken_off() -> None:
    application = bytes.fromhex("80cc0002 00000001 74657374")
    goodbye = bytes.fromhex("a1cb0003 00000001 00000000 00000008")
    assert parse_compound(WIRE + application + goodbye)[2:] == [Goodbye((1,))]


def test_goodbye_with_a_reason() -> None:
    packets: list[RtcpPacket] = [ReceiverReport(1), NAME, Goodbye((1,), "battery")]
    assert parse_compound(build_compound(packets)) == packets


@pytest.mark.parametrize(
    ("datagram", "complaint"),
    [
        (b"", "empty"),
        (b"\x80", "octet 0: 1 octets left"),
        (b"\x00" + WIRE[1:], "octet 0: version 0"),
        (WIRE[32:], "octet 1: packet type 202 in front"),
        (WIRE[:-1], "octet 34: the packet ends at 56, after the datagram of 55"),
        (bytes.fromhex("a0c90001 00000001") + WIRE, "octet 0: padding, but not in the last packet"),
        (bytes.fromhex("a0c90002 00000001 00000005"), "last octet: padding of 5"),
        (bytes.fromhex("a0c90001 00000010"), "last octet: padding of 16"),
        (bytes.fromhex("81c90001 00000001"), "octet 0: packet of 8 octets, its count asks for 32"),
        (bytes.fromhex("80c80001 00000001"), "its count asks for 28"),
        (bytes.fromhex("80c90001 00000001 81ca0002 00000001 01050000"), "octet 16: SDES item ends after its packet"),
        (bytes.fromhex("80c90001 00000001 81ca0002 00000001 01020000"), "list of SDES items without its end"),
        (bytes.fromhex("80c90001 00000001 81ca0000"), "its count asks for 8"),
        (bytes.fromhex("80c90001 00000001 81cb0000"), "its count asks for 8"),
        (bytes.fromhex("80c90001 00000001 80cb0001 05000000"), "its count asks for 10"),
        (bytes.fromhex("80c90001 00000001 80cf0000"), "XR packet of 4 octets"),
        (bytes.fromhex("80c90001 00000001 80cf0002 00000001 04000001"), "block of 1 words ends after its packet"),
        (bytes.fromhex("80c90001 00000001 80cf0002 00000001 07000000"), "VoIP metrics of 0 words"),
    ],
)
def test_what_is_not_rtcp_is_refused_with_the_place(datagram: bytes, complaint: str) -> None:
    with pytest.raises(RtcpParseError, match=complaint):
        parse_compound(datagram)


@pytest.mark.parametrize(
    ("packets", "complaint"),
    [
        ([], "begins with a report"),
        ([NAME], "begins with a report"),
        ([ReceiverReport(1)], "has a CNAME"),
        ([ReceiverReport(2), NAME], "has a CNAME"),
        ([ReceiverReport(1), Goodbye((1,)), NAME], "BYE is the last"),
        ([ReceiverReport(1, (ReportBlock(2, 0, 0, 0, 0, 0, 0),) * 32), NAME], "32 blocks"),
        ([ReceiverReport(-1), SourceDescription(((-1, ((CNAME, "mn"),)),))], "out of its range"),
    ],
)
def test_rules_for_compound_packets(packets: list[RtcpPacket], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        build_compound(packets)


def test_voip_metrics_carry_the_depth_of_the_playout() -> None:
    metrics = VoipMetrics(ssrc=2, loss_rate=12, r_factor=93, nominal_delay=139, absolute_maximum_delay=1000)
    report = ExtendedReport(1, (metrics,))
    built = build_compound([ReceiverReport(1), NAME, report])
    assert parse_compound(built)[2] == report
    # 4.7: the last three fields are nominal, maximum and absolute maximum delay; the octet before them is reserved.
    assert built[-44:-36] == bytes.fromhex("80cf000a 00000001")
    assert built[-36:-28] == bytes.fromhex("07000008 00000002")
    assert built[-8:] == bytes.fromhex("f000 008b 0000 03e8")


@pytest.mark.parametrize(
    "metrics",
    [
        VoipMetrics(2, r_factor=101),
        VoipMetrics(2, mos_listening=9),
        VoipMetrics(2, mos_conversation=51),
        VoipMetrics(2, gmin=0),
    ],
)
def test_voip_metrics_out_of_range_must_not_be_sent(metrics: VoipMetrics) -> None:
    with pytest.raises(ValueError, match="or 127 for unavailable"):
        build_compound([ReceiverReport(1), NAME, ExtendedReport(1, (metrics,))])


def test_other_extended_reports_are_skipped() -> None:
    receipt_times = bytes.fromhex("80c90001 00000001 80cf0003 00000001 04000001 00000000")
    assert parse_compound(receipt_times) == [ReceiverReport(1), ExtendedReport(1)]


def test_adjustment_rate() -> None:
    assert adjustment_rate(640) == 15
    assert adjustment_rate(400) == 10
    assert adjustment_rate(0) == 1


WORD = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.lists(
    st.builds(ReportBlock, WORD, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), WORD, WORD, WORD, WORD),
    max_size=31,
).map(tuple)
TEXT = st.text(max_size=60)
METRICS = st.integers(0, 0xFFFF).map(lambda n: VoipMetrics(ssrc=n, signal_level=-15, nominal_delay=n))


@given(
    report=st.builds(ReceiverReport, WORD, BLOCKS)
    | st.builds(SenderReport, WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD, BLOCKS),
    cname=TEXT.filter(bool),
    others=st.lists(st.tuples(WORD, st.lists(st.tuples(st.integers(1, 255), TEXT), max_size=3).map(tuple)), max_size=3),
    voip=st.lists(METRICS, max_size=2).map(tuple),
    reason=TEXT,
)
def test_parse_after_build_gives_the_same_packets(
    report: SenderReport | ReceiverReport,
    cname: str,
    others: list[tuple[int, tuple[tuple[int, str], ...]]],
    voip: tuple[VoipMetrics, ...],
    reason: str,
) -> None:
    packets: list[RtcpPacket] = [
        report,
        SourceDescription(((report.ssrc, ((CNAME, cname),)), *others)),
        ExtendedReport(report.ssrc, voip),
        Goodbye((report.ssrc,), reason),
    ]
    built = build_compound(packets)
    assert len(built) % 4 == 0
    assert parse_compound(built) == packets


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: WIRE[:8] + rest))
def test_parse_raises_parse_errors_only(datagram: bytes) -> None:
    try:
        parse_compound(datagram)
    except RtcpParseError:
        return


@given(position=st.integers(0, 55), octet=st.integers(0, 255))
def test_parse_raises_parse_errors_only_for_one_wrong_octet(position: int, octet: int) -> None:
    mutated = bytearray(WIRE)
    mutated[position] = octet
    try:
        parse_compound(bytes(mutated))
    except RtcpParseError:
        return
