"""Packets from one side's format into one that the other side has: speech of both is 8000 samples a second.

A packet stays one packet, with its marker, number, timestamp and SSRC: a frame of GSM and 20 ms of G.711 are the same
160 samples (RFC 3551, 4.5), and it may hold several. What the other side takes as it is passes untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.ring import MOST_PACKETS
from agents.rtp.coding.codec import CodecError, MissingLibraryError, Transcoder, has_codec
from agents.rtp.packet import RtpPacket
from agents.sdp.audio import FORMATS, PTIME_MS

if TYPE_CHECKING:
    from agents.sdp.audio import AudioFormat, Numbering

SENDER_REPORT, OCTETS_AT, SENDER_INFO_END = 200, 24, 28


def transcodable() -> tuple[AudioFormat, ...]:
    """The formats that can be turned into each other here: those of 8000 samples a second, GSM only where libgsm is."""
    return tuple(known for known in FORMATS.values() if has_codec(known.payload_type))


def with_octets(report: bytes, wanted: AudioFormat, ptime_ms: int = PTIME_MS) -> bytes:
    """RTCP with the octet count that its sender's packets have in another format (RFC 3550 7.2), of so many ms each.

    The count is in the sender report in front, behind the number of packets (6.4.1).
    """
    if report[1] != SENDER_REPORT or len(report) < SENDER_INFO_END:
        return report
    packets = int.from_bytes(report[OCTETS_AT - 4 : OCTETS_AT], "big")
    octets = packets * ptime_ms * wanted.octets // PTIME_MS & 0xFFFFFFFF
    return report[:OCTETS_AT] + octets.to_bytes(4, "big") + report[SENDER_INFO_END:]


class Transcoding:
    """One direction of one call. Codecs remember what went before: packets come in the order of their numbers.

    One that is said again, over another leg, is not made again: it is what it was made into the first time.
    """

    def __init__(self) -> None:
        self._transcoders: dict[tuple[AudioFormat, AudioFormat], Transcoder] = {}
        # Of as many packets as may be said again, what they were made into.
        self._made: dict[bytes, dict[tuple[AudioFormat, int], bytes | None]] = {}
        self.failed = 0
        """Payloads that were none of their format, no whole frames of the other one, or GSM without libgsm."""

    def for_each(self, data: bytes, spoken: AudioFormat, takers: list[Numbering]) -> list[bytes | None]:
        """Return the packet `data` as each of `takers` takes it; None where that can't be made."""
        made = self._made.get(data) or {(spoken, data[1] & 0x7F): data}
        for taker in takers:
            choice = taker.chosen(spoken)
            if choice not in made:
                made[choice] = self._turned(RtpPacket.parse(data), spoken, *choice)
        if len(made) > 1 and data not in self._made:
            self._made[data] = made
            if len(self._made) > MOST_PACKETS:
                del self._made[next(iter(self._made))]
        return [made[taker.chosen(spoken)] for taker in takers]

    def _turned(self, packet: RtpPacket, spoken: AudioFormat, wanted: AudioFormat, number: int) -> bytes | None:
        transcoder = self._transcoders.get((spoken, wanted))
        try:
            if transcoder is None:
                transcoder = self._transcoders[spoken, wanted] = Transcoder(spoken.payload_type, wanted.payload_type)
            return packet.with_payload(number, transcoder.transcode(packet.payload))
        except (CodecError, MissingLibraryError):
            self.failed += 1
            return None
