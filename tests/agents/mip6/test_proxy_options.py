"""Options of Proxy Mobile IPv6 as RFC 5213 8 draws them: byte for byte, and read again."""

from __future__ import annotations

import pytest

from agents.mip6.mobility_header import (
    PROXY_ANSWER,
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import MobilityOption, MobilityParseError, NodeIdentifier
from agents.mip6.proxy_options import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLayerIdentifier,
    Timestamp,
)

ENDS = MessageEnds("2001:db8:a00:100::2", "2001:db8:a0a::2")
PREFIX = bytes.fromhex("20010db8000a0000000000000000abcd")
P_AND_A = UpdateFlag.PROXY | UpdateFlag.ACKNOWLEDGE


@pytest.mark.parametrize(
    ("option", "at", "data"),
    [  # at: so many bytes of padding before it are needed behind the 12 of an update
        (HomeNetworkPrefix("2001:db8:a::abcd/128"), 0, bytes((22, 18, 0, 128)) + PREFIX),
        (HomeNetworkPrefix("::/0"), 0, bytes((22, 18, 0, 0)) + bytes(16)),
        (HandoffIndicator(2), 0, bytes((23, 2, 0, 2))),
        (AccessTechnologyType(4), 0, bytes((24, 2, 0, 4))),
        (LinkLayerIdentifier(bytes(range(6))), 0, bytes((25, 8, 0, 0, 0, 1, 2, 3, 4, 5))),
        (Timestamp((5 << 16) + 0x8000), 6, bytes((27, 8, 0, 0, 0, 0, 0, 5, 0x80, 0))),
    ],
)
def test_an_option_is_as_the_rfc_draws_it_and_read_again(option: MobilityOption, at: int, data: bytes) -> None:
    message = BindingUpdate(1, P_AND_A, 75, (option,))
    made = packed(message, ENDS)
    assert made[12 + at :].startswith(data)
    assert parsed(made, ENDS).message == message


def test_flags_are_where_the_rfc_has_them() -> None:
    """8.1: the seventh bit of an update's; 8.2: the third one of an answer's."""
    update = packed(BindingUpdate(1, P_AND_A, 75, (NodeIdentifier("mn@home.example"),)), ENDS)
    assert update[8:10] == bytes((0x82, 0x00))
    answer = packed(BindingAcknowledgement(BindingStatus.GATEWAY_NOT_AUTHORIZED, PROXY_ANSWER, 1, 0), ENDS)
    assert answer[6:8] == bytes((154, 0x20))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bytes((22, 17)) + bytes(17) + bytes(1), "option 22 has 17 bytes, not 18"),
        (bytes((22, 18, 0, 129)) + bytes(16), "option 22"),
        (bytes((23, 1, 0)) + bytes(1), "option 23 has 1 bytes, not 2"),
        (bytes((24, 4)) + bytes(4) + bytes((1, 4)) + bytes(4), "option 24 has 4 bytes, not 2"),
        (bytes((25, 2, 0, 0)), "option 25: no address"),
        (bytes((27, 4)) + bytes(4) + bytes((1, 4)) + bytes(4), "option 27 has 4 bytes, not 8"),
    ],
)
def test_an_option_that_can_t_be_is_said(data: bytes, why: str) -> None:
    rest = -(12 + len(data)) % 8
    whole = bytes((59, (12 + len(data) + rest) // 8 - 1, 5, 0, 0, 0)) + bytes(6) + data + bytes(rest)
    with pytest.raises(MobilityParseError, match=why):
        parsed(whole, None)
