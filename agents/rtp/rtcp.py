"""RTCP packets: sender and receiver reports, CNAME, BYE; parse and build (RFC 3550, section 6).

RTCP travels in compound packets: a report first, a CNAME always, BYE last (6.1). `parse_compound` is the only door for
bytes from the network, and `RtcpParseError` all that it raises. Extended reports are in `rtcp_xr`.

APP packets are told by their names: ours are in `leg_notice`, others are skipped (6.7). Not done: reduced-size RTCP
(RFC 5506), encryption (section 9).
"""

from struct import Struct, error
from typing import TYPE_CHECKING, NamedTuple

from agents.rtp.leg_notice import LegNotice, build_notice, parse_notice
from agents.rtp.rtcp_xr import ExtendedReport, RtcpParseError, build_extended_report, parse_extended_report

if TYPE_CHECKING:
    from collections.abc import Callable

_SR, _RR, _SDES, _BYE, _APP, _XR = 200, 201, 202, 203, 204, 207
CNAME = 1
"""Type of the one SDES item that is mandatory (6.5.1)."""

_HEADER = Struct("!BBH")
_WORD = Struct("!I")
_SENDER_INFO = Struct("!QIII")
_REPORT_BLOCK = Struct("!IIIIII")
_MAX_COUNT = 31


class ReportBlock(NamedTuple):
    """How one source was received (6.4.1). Build it from `ReceptionStatistics`."""

    ssrc: int
    """Whose packets these are."""
    fraction_lost: int
    """Of the packets expected since the last report, in 1/256: 0 to 255."""
    cumulative_lost: int
    """Signed: below 0 when copies outnumber the losses."""
    highest_sequence: int
    """Extended; cut to 32 bits on the wire."""
    jitter: int
    """In units of the timestamp."""
    last_sr: int
    """The middle 32 of the 64 bits of the NTP time in the last sender report; 0 if there was none."""
    delay_since_last_sr: int
    """In 1/65536 s; 0 if there was none."""


class SenderReport(NamedTuple):
    """SR: what a source has sent, and received (6.4.1)."""

    ssrc: int
    ntp_time: int
    """Seconds since 1900 in 1/2**32, or of any clock of the sender's own."""
    rtp_timestamp: int
    """The same instant in units of the timestamp."""
    packets: int
    octets: int
    """Payload alone."""
    reports: tuple[ReportBlock, ...] = ()


class ReceiverReport(NamedTuple):
    """RR: what one who doesn't send has received (6.4.2)."""

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()


class SourceDescription(NamedTuple):
    """SDES: for each SSRC its items, as pairs of type and text (6.5)."""

    chunks: tuple[tuple[int, tuple[tuple[int, str], ...]], ...]

    def cname(self, ssrc: int) -> str | None:
        """Name that stays the same when the SSRC changes; None if it isn't said here."""
        return next((text for s, items in self.chunks if s == ssrc for kind, text in items if kind == CNAME), None)


class Goodbye(NamedTuple):
    """BYE: these sources have gone (6.6). Not the BYE of SIP."""

    ssrcs: tuple[int, ...]
    reason: str = ""


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | LegNotice | ExtendedReport


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from what may share its port, by two octets (RFC 5761, section 4)."""
    return len(data) >= 8 and 128 <= data[0] <= 191 and 192 <= data[1] <= 223


# --- parse -----------------------------------------------------------------------------------------------------------


def parse_compound(data: bytes) -> list[RtcpPacket]:
    """Parse one datagram; RtcpParseError if it fails the checks of A.2, or a packet in it is cut short.

    Packets of unknown type are skipped (6.1).
    """
    packets: list[RtcpPacket] = []
    start = 0
    while start < len(data):
        if start + 4 > len(data):
            raise RtcpParseError(f"octet {start}: {len(data) - start} octets left, too few for a header")
        first, kind, words = _HEADER.unpack_from(data, start)
        end = start + 4 * (words + 1)
        _check_header(first, kind, start, end, len(data))
        body = _strip_padding(data[start:end]) if first & 0x20 else data[start:end]
        packet = _parse_packet(kind, first & 0x1F, body, start)
        if packet is not None:
            packets.append(packet)
        start = end
    if not packets:
        raise RtcpParseError("empty")
    return packets


def _check_header(first: int, kind: int, start: int, end: int, size: int) -> None:
    """Make the checks of A.2 for one packet of a compound one."""
    if first >> 6 != 2:
        raise RtcpParseError(f"octet {start}: version {first >> 6}, not 2")
    if start == 0 and kind not in {_SR, _RR}:
        raise RtcpParseError(f"octet 1: packet type {kind} in front, not 200 (SR) or 201 (RR)")
    if end > size:
        raise RtcpParseError(f"octet {start + 2}: the packet ends at {end}, after the datagram of {size} octets")
    if first & 0x20 and end != size:
        raise RtcpParseError(f"octet {start}: padding, but not in the last packet")


def _strip_padding(body: bytes) -> bytes:
    padding = body[-1]
    if not 0 < padding <= len(body) - 4 or padding % 4:
        raise RtcpParseError(f"last octet: padding of {padding} in {len(body)} octets")
    return body[:-padding]


def _parse_packet(kind: int, count: int, body: bytes, start: int) -> RtcpPacket | None:
    parse = _PARSERS.get(kind)
    return None if parse is None else parse(count, body, start)


def _need(body: bytes, octets: int, start: int) -> None:
    if len(body) < octets:
        raise RtcpParseError(f"octet {start}: packet of {len(body)} octets, its count asks for {octets}")


def _parse_receiver_report(count: int, body: bytes, start: int) -> ReceiverReport:
    _need(body, 8 + 24 * count, start)
    return ReceiverReport(_WORD.unpack_from(body, 4)[0], _parse_blocks(count, body, 8))


def _parse_sender_report(count: int, body: bytes, start: int) -> SenderReport:
    _need(body, 28 + 24 * count, start)
    ssrc = _WORD.unpack_from(body, 4)[0]
    ntp_time, rtp_timestamp, packets, octets = _SENDER_INFO.unpack_from(body, 8)
    return SenderReport(ssrc, ntp_time, rtp_timestamp, packets, octets, _parse_blocks(count, body, 28))


def _parse_blocks(count: int, body: bytes, at: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for i in range(at, at + 24 * count, 24):
        ssrc, loss, highest, jitter, last_sr, delay = _REPORT_BLOCK.unpack_from(body, i)
        lost = loss & 0xFFFFFF
        lost -= (lost & 0x800000) << 1  # 24 bits, signed
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_sr, delay))
    return tuple(blocks)


def _parse_description(count: int, body: bytes, start: int) -> SourceDescription:
    chunks = []
    at = 4
    for _ in range(count):
        _need(body, at + 4, start)
        ssrc = _WORD.unpack_from(body, at)[0]
        items, at = _parse_items(body, at + 4, start)
        chunks.append((ssrc, items))
    return SourceDescription(tuple(chunks))


def _parse_items(body: bytes, at: int, start: int) -> tuple[tuple[tuple[int, str], ...], int]:
    """Return the items from `at` on, and where the next chunk begins."""
    items = []
    while at < len(body) and body[at]:
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            raise RtcpParseError(f"octet {start + at}: SDES item ends after its packet")
        end = at + 2 + body[at + 1]
        items.append((body[at], body[at + 2 : end].decode("utf-8", "replace")))
        at = end
    if at >= len(body):
        raise RtcpParseError(f"octet {start + at}: list of SDES items without its end")
    return tuple(items), at + 4 - at % 4


def _parse_goodbye(count: int, body: bytes, start: int) -> Goodbye:
    end = 4 + 4 * count
    _need(body, end, start)
    ssrcs = tuple(_WORD.unpack_from(body, i)[0] for i in range(4, end, 4))
    if len(body) == end:
        return Goodbye(ssrcs)
    _need(body, end + 1 + body[end], start)
    return Goodbye(ssrcs, body[end + 1 : end + 1 + body[end]].decode("utf-8", "replace"))


_PARSERS: "dict[int, Callable[[int, bytes, int], RtcpPacket | None]]" = {
    _SR: _parse_sender_report,
    _RR: _parse_receiver_report,
    _SDES: _parse_description,
    _BYE: _parse_goodbye,
    _APP: parse_notice,
    _XR: lambda _, body, start: parse_extended_report(body, start),
}


# --- build -----------------------------------------------------------------------------------------------------------


def build_compound(packets: "list[RtcpPacket]") -> bytes:
    """Build one datagram.

    ValueError if it breaks a rule of 6.1 - report first, a CNAME, BYE at the end - or a field is out of its range.
    """
    if not packets or not isinstance(packets[0], (SenderReport, ReceiverReport)):
        raise ValueError("a compound packet begins with a report (6.1)")
    descriptions = [packet for packet in packets if isinstance(packet, SourceDescription)]
    if not any(description.cname(packets[0].ssrc) for description in descriptions):
        raise ValueError("a compound packet has a CNAME for its sender (6.1)")
    if any(isinstance(packet, Goodbye) for packet in packets[:-1]):
        raise ValueError("BYE is the last packet (6.1)")
    try:
        return b"".join([_build_packet(packet) for packet in packets])
    except error as out_of_range:
        raise ValueError(f"a field is out of its range: {out_of_range}") from out_of_range


def _build_packet(packet: RtcpPacket) -> bytes:
    match packet:
        case SenderReport(ssrc, ntp_time, rtp_timestamp, sent, octets, reports):
            info = _SENDER_INFO.pack(ntp_time, rtp_timestamp, sent & 0xFFFFFFFF, octets & 0xFFFFFFFF)
            return _frame(_SR, len(reports), _WORD.pack(ssrc) + info + _build_blocks(reports))
        case ReceiverReport(ssrc, reports):
            return _frame(_RR, len(reports), _WORD.pack(ssrc) + _build_blocks(reports))
        case SourceDescription(chunks):
            return _frame(_SDES, len(chunks), b"".join([_build_chunk(ssrc, items) for ssrc, items in chunks]))
        case Goodbye(ssrcs, reason):
            text = reason.encode()
            tail = _pad(bytes((len(text),)) + text) if text else b""
            return _frame(_BYE, len(ssrcs), b"".join([_WORD.pack(ssrc) for ssrc in ssrcs]) + tail)
        case LegNotice():
            return _frame(_APP, *build_notice(packet))
        case ExtendedReport():
            return _frame(_XR, 0, build_extended_report(packet))


def _frame(kind: int, count: int, body: bytes) -> bytes:
    if count > _MAX_COUNT:
        raise ValueError(f"{count} blocks, sources or chunks: a packet holds at most {_MAX_COUNT}")
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _build_blocks(reports: tuple[ReportBlock, ...]) -> bytes:
    blocks = []
    for ssrc, fraction, lost, highest, jitter, last_sr, delay in reports:
        clamped = max(-0x800000, min(lost, 0x7FFFFF)) & 0xFFFFFF  # A.3
        block = _REPORT_BLOCK.pack(ssrc, fraction << 24 | clamped, highest & 0xFFFFFFFF, jitter, last_sr, delay)
        blocks.append(block)
    return b"".join(blocks)


def _build_chunk(ssrc: int, items: tuple[tuple[int, str], ...]) -> bytes:
    chunk = _WORD.pack(ssrc)
    for kind, text in items:
        encoded = text.encode()
        chunk += bytes((kind, len(encoded))) + encoded  # ValueError above 255 octets
    return _pad(chunk + b"\0")


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
