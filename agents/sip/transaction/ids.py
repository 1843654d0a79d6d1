"""Branches, tags and Call-IDs, all from one random source that is handed in (RFC 3261 8.1.1.4, 8.1.1.7, 19.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.via import MAGIC_COOKIE

if TYPE_CHECKING:
    from random import Random

    from agents.sip.message.address import Address


class Ids:
    """Makes identifiers and waiting times; the same seed gives the same ones."""

    __slots__ = ("_rng",)

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def branch(self) -> str:
        """Unique per request, with the cookie of 8.1.1.7."""
        return f"{MAGIC_COOKIE}{self._rng.getrandbits(64):016x}"

    def tag(self) -> str:
        """19.3 asks for at least 32 bits of randomness."""
        return f"{self._rng.getrandbits(40):010x}"

    def call_id(self, local: Address) -> str:
        """`localid@host` (8.1.1.4)."""
        return f"{self._rng.getrandbits(64):016x}@{local.ip}"

    def glare_wait(self, *, owns_call_id: bool) -> float:
        """Seconds to wait after a 491, in units of 10 ms (14.1)."""
        steps = self._rng.randint(210, 400) if owns_call_id else self._rng.randint(0, 200)
        return steps / 100

    def retry_after(self) -> int:
        """Whole seconds for a re-INVITE that came too early (14.2)."""
        return self._rng.randint(0, 10)
