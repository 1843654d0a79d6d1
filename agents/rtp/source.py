"""A talking source: speech from memory, a packet each so many ms (RFC 3551, 4.5; RFC 3550, 5.1)."""

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from agents.rtp.packet import PCMU

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

CLOCK_RATE = 8000
PACKET_INTERVAL = 0.020
"""Seconds of speech in a packet where nothing else is agreed (RFC 3551, 4.2)."""
_SILENCE = b"\xff"  # µ-law of zero (G.711, table 2b)
_VERSION_2 = 0x80
_MARKER = 0x80
_HEADER = Struct("!BBHII")


class DuePacket(NamedTuple):
    """A packet, and when it should leave, in seconds of the clock that `start` was read from."""

    due: float
    data: bytes


class MediaSource:
    """Makes the packets of one stream.

    It owns sequence number, timestamp and SSRC. Whoever sends a packet over two sessions sends these same bytes twice,
    so that the receiver can tell copies from news; a source for each session would give two streams.

    Packet n is due at `start + n * interval`: whatever delays one packet delays no other.
    """

    def __init__(
        self,
        samples: bytes,
        *,
        start: float,
        random: "Random",
        payload_type: int = PCMU,
        interval: float = PACKET_INTERVAL,
    ) -> None:
        """Begin a stream at `start` with `samples`, µ-law at 8 kHz, which are looped; ValueError if there are none.

        `interval` is the speech in each packet, in seconds.
        """
        if not samples:
            raise ValueError("a source needs at least one sample")
        self.interval = interval
        size = round(interval * CLOCK_RATE)
        self._frames = [samples[at : at + size].ljust(size, _SILENCE) for at in range(0, len(samples), size)]
        self._start = start
        self._spoken = self.octets_sent = 0
        # Of what was spoken, how many packets' worth was sent to nobody; and whether what follows is a new spurt.
        self._unsent = 0
        self._begins = True
        self._payload_type = payload_type
        self._payload_of: Callable[[int], bytes] = self._frame
        self.clock_rate = CLOCK_RATE
        """Ticks of the timestamp per second."""
        # All three random: 5.1, 8.1. Drawn in this order always; a run with the same seed has the same stream.
        self.ssrc = random.getrandbits(32)
        self._first_sequence = random.getrandbits(16)
        self._first_timestamp = random.getrandbits(32)

    def speak(self, payload_type: int, encode: "Callable[[bytes], bytes] | None" = None) -> None:
        """Send payloads of this type from now on; `encode` makes one of a packet's µ-law, which it is by itself."""
        self._payload_type, self._payload_of, self.clock_rate = payload_type, self._frame, CLOCK_RATE
        if encode is not None:
            self._payload_of = lambda n: encode(self._frame(n))

    def play(self, payload_type: int, payloads: "Sequence[bytes]", clock_rate: int) -> None:
        """Send what was encoded before from now on, a packet in each, over and over.

        The clock of what has begun is not to change: a source that has sent something goes on with its own, or another
        one takes its place (RFC 7160, 4.1).
        """
        self._payload_type, self.clock_rate = payload_type, clock_rate
        self._payload_of = lambda n: payloads[n % len(payloads)]

    def _frame(self, n: int) -> bytes:
        return self._frames[n % len(self._frames)]

    @property
    def packets_sent(self) -> int:
        """Packets handed out so far; `octets_sent` counts their payloads: both are for sender reports (6.4.1)."""
        return self._spoken - self._unsent

    def get_timer(self) -> float:
        """When the next packet is due. There always is one: the speech is looped."""
        return self._start + self._spoken * self.interval

    def timestamp_at(self, now: float) -> int:
        """The RTP timestamp that belongs to the instant `now`: a sender report pairs it with NTP time (6.4.1)."""
        return (self._first_timestamp + round((now - self._start) * self.clock_rate)) & 0xFFFFFFFF

    def packets_to_send(self, *, now: float) -> list[DuePacket]:
        """Take all packets that are due by `now`, oldest first: none if called early, several if late."""
        packets: list[DuePacket] = []
        while (due := self._start + self._spoken * self.interval) <= now:
            packets.append(DuePacket(due, self._build_next()))
        return packets

    def pass_over(self, *, now: float) -> None:
        """What is due by `now` is for nobody, as on hold: time goes on, and no number is missing (RFC 3550, 5.1)."""
        while self._start + self._spoken * self.interval <= now:
            self._spoken += 1
            self._unsent += 1
            self._begins = True

    def _build_next(self) -> bytes:
        n = self._spoken
        # The marker says "first of a talk spurt" (RFC 3551, 4.1); this speaker stops on hold alone.
        second = self._payload_type | _MARKER if self._begins else self._payload_type
        self._begins = False
        sequence = (self._first_sequence + self.packets_sent) & 0xFFFF
        self._spoken = n + 1
        timestamp = (self._first_timestamp + n * round(self.interval * self.clock_rate)) & 0xFFFFFFFF
        payload = self._payload_of(n)
        self.octets_sent += len(payload)
        return _HEADER.pack(_VERSION_2, second, sequence, timestamp, self.ssrc) + payload
