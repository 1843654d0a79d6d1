"""When a handover that has failed may be tried again: after answers that pass, later and later, and a few times."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.sip.message.message import Response

#: Answers after which the same request may succeed later: nobody there, overloaded, overtaken.
PASSING = frozenset({408, 480, 500, 502, 503, 504})
REQUEST_PENDING = 491
# Where the answer does not say it: T2, the longest time between two tries of a request (RFC 3261 17.1.2.2), and the
# longest that 14.1 has one wait after a 491. After the next failure twice as long.
WAIT_S = 4.0
#: However soon the peer wants to be asked again: not one INVITE after the other.
SHORTEST_S = 1.0
MOST_TRIES = 3


class Again:
    """Of one handover. `at` is when there may be another try, None while there is none to be."""

    def __init__(self) -> None:
        self.at: float | None = None
        self._failures = 0

    def failed(self, status: int | None, response: Response | None, *, now: float) -> None:
        """A try has come to nothing: by this status, None for anything else; without a response nobody has answered."""
        wait_s = self._wait_s(status, response)
        self._failures += 1
        self.at = None if wait_s is None or self._failures >= MOST_TRIES else now + wait_s

    def _wait_s(self, status: int | None, response: Response | None) -> float | None:
        """As the answer says (RFC 3261 20.33), whatever it is; None where the next one would be the same."""
        if response is not None and response.retry_after is not None:
            return max(float(response.retry_after), SHORTEST_S)
        return WAIT_S * 2.0**self._failures if status in PASSING or status == REQUEST_PENDING else None
