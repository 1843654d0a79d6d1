"""RTP packets: parse and build (RFC 3550, section 5.1; header extension 5.3.1).

`RtpPacket.parse` is the only door for bytes from the network, and `RtpParseError` all that it raises. A parsed packet
keeps the datagram, so that a relay can pass it on byte for byte.
"""

from struct import Struct
from typing import NamedTuple

from agents.rtp.sequence import SequenceNumber

HEADER_SIZE = 12
PCMU = 0
"""Static payload type of G.711 µ-law, 8000 Hz, mono (RFC 3551, table 4)."""

_HEADER = Struct("!BBHII")
_EXTENSION = Struct("!HH")
_VERSION_2 = 0x80
_PADDING = 0x20
_EXTENDED = 0x10
_MARKER = 0x80


class RtpParseError(ValueError):
    """These bytes are no RTP packet. The text says where, and what stands there."""


class HeaderExtension(NamedTuple):
    """The one header extension that a packet may carry: 16 bits that its profile defines, and whole 32-bit words."""

    profile: int
    data: bytes


class RtpPacket:
    """A packet that was parsed. When it came, and over which path, is not in it: that belongs to who received it."""

    __slots__ = (
        "_end",
        "_start",
        "csrcs",
        "data",
        "extension",
        "marker",
        "payload_type",
        "sequence",
        "ssrc",
        "timestamp",
    )

    csrcs: tuple[int, ...]
    extension: HeaderExtension | None

    def __init__(self, data: bytes) -> None:
        """Same as `parse`."""
        if len(data) < HEADER_SIZE:
            raise RtpParseError(f"{len(data)} octets are too few for an RTP header, which has 12")
        first, second, sequence, self.timestamp, self.ssrc = _HEADER.unpack_from(data)
        if 192 <= second <= 223:
            raise RtpParseError(f"octet 1: {second} is an RTCP packet type (RFC 5761, 4)")
        self.data = data
        self.marker: bool = second >= _MARKER
        self.payload_type: int = second & 0x7F
        self.sequence = SequenceNumber(sequence)
        if first == _VERSION_2:
            # By far the most packets: no padding, no extension, no CSRC.
            self.csrcs = ()
            self.extension = None
            self._start = HEADER_SIZE
            self._end = len(data)
        else:
            self._parse_variable_part(first)

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket":
        """Parse one datagram; RtpParseError if it is not RTP version 2, is RTCP, or is cut short."""
        return cls(data)

    @property
    def payload(self) -> bytes:
        """What is carried, without header extension and padding."""
        return self.data[self._start : self._end]

    def with_payload(self, payload_type: int, payload: bytes) -> bytes:
        """Return the datagram with another payload: marker, numbers, SSRC, CSRCs and extension stay, padding goes."""
        first, second = self.data[0] & ~_PADDING, self.data[1] & _MARKER | payload_type
        return bytes((first, second)) + self.data[2 : self._start] + payload

    def _parse_variable_part(self, first: int) -> None:
        """Parse what the first octet announces: CSRCs, extension, padding."""
        data = self.data
        if first >> 6 != 2:
            raise RtpParseError(f"octet 0: version {first >> 6}, not 2")
        start = HEADER_SIZE + 4 * (first & 0x0F)
        if start > len(data):
            raise RtpParseError(f"octet 0: {first & 0x0F} CSRCs do not fit into {len(data)} octets")
        self.csrcs = tuple(int.from_bytes(data[i : i + 4]) for i in range(HEADER_SIZE, start, 4))
        self.extension = None
        if first & _EXTENDED:
            self.extension = _parse_extension(data, start)
            start += 4 + len(self.extension.data)
        self._start = start
        self._end = len(data)
        if first & _PADDING:
            # The last octet counts the padding and itself (5.1); zero would be no padding at all.
            padding = data[-1]
            if not 0 < padding <= len(data) - start:
                raise RtpParseError(f"octet {len(data) - 1}: padding of {padding} in {len(data) - start} octets")
            self._end -= padding

    def __repr__(self) -> str:
        return (
            f"<RtpPacket ssrc={self.ssrc:#010x} pt={self.payload_type} seq={int(self.sequence)} ts={self.timestamp}"
            f"{' marker' if self.marker else ''}, {self._end - self._start} octets>"
        )


def _parse_extension(data: bytes, start: int) -> HeaderExtension:
    if start + 4 > len(data):
        raise RtpParseError(f"octet {start}: header extension without its length")
    profile, words = _EXTENSION.unpack_from(data, start)
    end = start + 4 + 4 * words
    if end > len(data):
        raise RtpParseError(f"octet {start + 2}: header extension of {words} words ends after the packet")
    return HeaderExtension(profile, data[start + 4 : end])


def with_ssrc(data: bytes, ssrc: int) -> bytes:
    """Return a packet under another SSRC (5.1)."""
    own = ssrc.to_bytes(4)
    return data if data[8:12] == own else data[:8] + own + data[12:]
