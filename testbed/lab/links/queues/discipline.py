"""What a queue does that is managed. Times come from outside, in seconds, and do not go back."""

from typing import NamedTuple, Protocol

# The largest packet: so many bytes or fewer are no queue (RFC 8289, 5.1: maxpacket_).
MOST_BYTES = 1500


class Waiting(NamedTuple):
    """A packet in a queue: since when, its bytes at IP, and its frame."""

    since_s: float
    size: int
    frame: bytes


class QueueDiscipline(Protocol):
    """What decides which packet is sent next, and which one never."""

    @property
    def backlog(self) -> int:
        """The bytes at IP of all that waits."""

    def __len__(self) -> int:
        """How many packets wait."""

    def enqueue(self, packet: Waiting) -> None:
        """Takes one in that has just come, or drops it."""

    def dequeue(self, now_s: float) -> Waiting | None:
        """The packet that is sent now, after those that are dropped; None where none is left."""

    def shed(self) -> None:
        """Drops one of those that wait, as the link holds no more."""
