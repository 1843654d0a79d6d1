"""ChannelData (RFC 8656 12.4): a peer's data behind four bytes, on the port that has STUN as well.

Whatever comes from the network goes through `parse_channel_data`, which raises `StunParseError` and nothing else.
"""

from __future__ import annotations

import struct

from agents.stun.stun_message import StunParseError

#: Channels, as numbers and as first bytes: RFC 8656 12.
FIRST_CHANNEL, LAST_CHANNEL = 0x4000, 0x4FFF
_CHANNEL = struct.Struct("!HH")


def channel_number(channel: int) -> bytes:
    """A CHANNEL-NUMBER (RFC 8656 18.1)."""
    return struct.pack("!HH", channel, 0)


def channel_data(channel: int, payload: bytes) -> bytes:
    """ChannelData over UDP, which needs no padding (RFC 8656 12.5)."""
    return _CHANNEL.pack(channel, len(payload)) + payload


def parse_channel_data(data: bytes) -> tuple[int, bytes]:
    """The channel's number and what came by it (RFC 8656 12.4, 12.6); raises StunParseError."""
    if len(data) < _CHANNEL.size:
        raise StunParseError(f"{len(data)} bytes of ChannelData, and {_CHANNEL.size} are the least")
    channel, length = _CHANNEL.unpack_from(data)
    if not FIRST_CHANNEL <= channel <= LAST_CHANNEL:
        raise StunParseError(f"channel {channel:#06x}")
    if not 0 <= len(data) - _CHANNEL.size - length <= -length % 4:  # padding is allowed, over UDP too
        raise StunParseError(f"ChannelData of {length} bytes, and {len(data) - _CHANNEL.size} follow the header")
    return channel, data[_CHANNEL.size : _CHANNEL.size + length]


def is_channel_data(data: bytes) -> bool:
    """Whether a datagram is no STUN message, by its first two bits (RFC 8656 12)."""
    return bool(data) and data[0] >> 6 == FIRST_CHANNEL >> 14
