"""Hand-made RTP packets (RFC 3550 5.1): what no agent sends, and every one should take."""

from struct import Struct

from agents.rtp.packet import HeaderExtension

_HEADER = Struct("!BBHII")
_EXTENSION = Struct("!HH")
_VERSION_2, _PADDING, _EXTENDED, _MARKER = 0x80, 0x20, 0x10, 0x80


def build_packet(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    csrcs: tuple[int, ...] = (),
    extension: HeaderExtension | None = None,
    padding: int = 0,
) -> bytes:
    """Build a packet; sequence number and timestamp are cut to 16 and 32 bits, so extended ones may be given.

    ValueError if a field is out of its range: that is our caller's fault, not the network's.
    """
    if not 0 <= payload_type < 128 or 64 <= payload_type <= 95:
        raise ValueError(f"payload type {payload_type}: not 0 to 63 or 96 to 127 (RFC 5761, 4)")
    if len(csrcs) > 15 or not 0 <= padding <= 255:
        raise ValueError(f"{len(csrcs)} CSRCs (at most 15), padding {padding} (at most 255)")
    first = _VERSION_2 | len(csrcs)
    middle = b"".join([csrc.to_bytes(4) for csrc in csrcs])
    if extension is not None:
        words, rest = divmod(len(extension.data), 4)
        if rest:
            raise ValueError(f"header extension of {len(extension.data)} octets: not a multiple of 4 (5.3.1)")
        first |= _EXTENDED
        middle += _EXTENSION.pack(extension.profile, words) + extension.data
    tail = b""
    if padding:
        first |= _PADDING
        tail = bytes(padding - 1) + bytes((padding,))
    second = payload_type | _MARKER if marker else payload_type
    return _HEADER.pack(first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + middle + payload + tail
