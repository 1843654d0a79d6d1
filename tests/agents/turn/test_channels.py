"""ChannelData: four bytes and what is behind them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.stun.stun_message import StunParseError
from agents.turn.channels import channel_data, is_channel_data, parse_channel_data


@given(st.binary(max_size=80))
def test_any_bytes_are_data_of_a_channel_or_a_parse_error(data: bytes) -> None:
    try:
        parse_channel_data(data)
    except StunParseError:
        return


def test_channel_data_and_its_padding() -> None:
    made = channel_data(0x4000, b"speech")
    assert made == b"\x40\x00\x00\x06speech"
    assert is_channel_data(made)
    assert parse_channel_data(made) == (0x4000, b"speech")
    assert parse_channel_data(made + b"\x00\x00") == (0x4000, b"speech")  # RFC 8656 12.5: may be padded


@pytest.mark.parametrize(
    "data",
    [b"@\x00\x00", b"@\x00\x00\x07speech", b"@\x00\x00\x06speech\x00\x00\x00", b"P\x00\x00\x00", b"\x3f\xff\x00\x00"],
)
def test_what_is_no_channel_data(data: bytes) -> None:
    with pytest.raises(StunParseError, match=r"ChannelData|channel"):
        parse_channel_data(data)
