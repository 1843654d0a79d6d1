"""What is wanted on a leg that stands by: RTCP APP packets (RFC 3550 6.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.leg_notice import NAME, LegNotice
from agents.rtp.rtcp import ReceiverReport, SourceDescription, build_compound, parse_compound
from agents.rtp.rtcp_xr import RtcpParseError

IN_FRONT = (ReceiverReport(7), SourceDescription(((7, ((1, "mn@host"),)),)))


@given(
    st.integers(0, 2**32 - 1), st.booleans(), st.booleans(), st.none() | st.integers(0, 2**16 - 1), st.booleans()
)  # fmt: skip
def test_it_comes_back_as_it_was_said(
    ssrc: int, is_wanted: bool, is_silent: bool, highest: int | None, is_quiet: bool
) -> None:
    notice = LegNotice(ssrc, is_wanted, is_silent, highest, is_quiet)
    assert parse_compound(build_compound([*IN_FRONT, notice]))[-1] == notice


def test_its_octets() -> None:
    """Version 2, subtype 3 (wanted, silent), type 204, three more words; then SSRC, name, and the highest number."""
    data = build_compound([*IN_FRONT, LegNotice(0x01020304, is_wanted=True, is_silent=True, highest=0xABCD)])
    assert data[-16:] == bytes.fromhex("83cc0003 01020304") + NAME + bytes.fromhex("0000abcd")
    quiet = build_compound([*IN_FRONT, LegNotice(1, is_wanted=False, is_silent=False, highest=1, is_quiet=True)])
    assert quiet[-16] == 0x84


def test_another_ones_app_packet_is_skipped() -> None:
    data = build_compound([*IN_FRONT, LegNotice(7, is_wanted=True, is_silent=False, highest=1)])
    assert parse_compound(data.replace(NAME, b"ABCD")) == list(IN_FRONT)


@pytest.mark.parametrize("octets", [8, 12])
def test_one_that_is_cut_short_is_an_error(octets: int) -> None:
    head = build_compound(list(IN_FRONT))
    app = bytes((0x81, 204, 0, octets // 4 - 1)) + bytes(4) + NAME
    data = head + app[:octets]
    if octets == 12:
        with pytest.raises(RtcpParseError, match="notice of 12 octets, not 16"):
            parse_compound(data)
    else:
        assert parse_compound(data) == list(IN_FRONT), "without a name it is nobody's"
