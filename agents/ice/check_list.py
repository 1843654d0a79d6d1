"""Pairs of candidates, and in which order they are checked (RFC 8445 6.1.2, 6.1.4)."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agents.ice.candidate import Candidate
    from agents.sip.message.address import Address

#: RFC 8445 6.1.2.5. Whoever knows our password can have pairs added, one for each address that he sends from.
MOST_PAIRS = 100


class PairState(StrEnum):
    """RFC 8445 6.1.2.6."""

    FROZEN = "Frozen"
    WAITING = "Waiting"
    IN_PROGRESS = "In-Progress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class CandidatePair:
    """One of ours with one of the peer's. `is_wanted`: the peer has nominated it, and it has not been checked yet.

    `is_nominated`: by us, and the check that says so is on its way. `round` counts its checks: what has become of
    those before the last one does not matter.
    """

    def __init__(self, ours: Candidate, theirs: Candidate) -> None:
        self.ours, self.theirs = ours, theirs
        self.state = PairState.FROZEN
        self.is_wanted = self.is_nominated = False
        self.round = 0

    @property
    def component(self) -> int:
        """What it is for."""
        return self.ours.component

    @property
    def local(self) -> Address:
        """Where we send from."""
        return self.ours.address

    @property
    def remote(self) -> Address:
        """Where to."""
        return self.theirs.address

    @property
    def foundation(self) -> tuple[str, str]:
        """Pairs that have the same are alike (6.1.2.6)."""
        return self.ours.foundation, self.theirs.foundation

    def priority(self, *, is_controlling: bool) -> int:
        """RFC 8445 6.1.2.3; the controlling agent's candidate counts a little more."""
        first, second = self.ours.priority, self.theirs.priority
        if not is_controlling:
            first, second = second, first
        return (min(first, second) << 32) + 2 * max(first, second) + (first > second)


class CheckList:
    """All pairs of one stream, and those whose check something has triggered."""

    def __init__(self) -> None:
        self._pairs: list[CandidatePair] = []
        self._triggered = deque[CandidatePair]()

    def __iter__(self) -> Iterator[CandidatePair]:
        return iter(self._pairs)

    def form(self, ours: Iterable[Candidate], theirs: Iterable[Candidate]) -> None:
        """Pairs what fits; of those that are alike the one of the lowest component goes first (6.1.2.2, 6.1.2.6)."""
        theirs = tuple(theirs)
        for mine in ours:
            for other in theirs:
                if mine.component == other.component and _family(mine.address) == _family(other.address):
                    self.add(CandidatePair(mine, other))
        for pair in self._pairs:
            alike = [one.component for one in self._pairs if one.foundation == pair.foundation]
            if pair.component == min(alike):
                pair.state = PairState.WAITING

    def add(self, pair: CandidatePair) -> bool:
        """False where there is no room."""
        if len(self._pairs) >= MOST_PAIRS:
            return False
        self._pairs.append(pair)
        return True

    def find(self, local: Address, remote: Address) -> CandidatePair | None:
        """The pair of these two."""
        return next((one for one in self._pairs if one.local == local and one.remote == remote), None)

    def trigger(self, pair: CandidatePair) -> None:
        """It is checked before all that are not triggered (6.1.4.1), once."""
        if pair not in self._triggered:
            self._triggered.append(pair)

    def unfreeze(self, like: CandidatePair) -> None:
        """What is like one that works is worth a check (7.2.5.3.3)."""
        for pair in self._pairs:
            if pair.state == PairState.FROZEN and pair.foundation == like.foundation:
                pair.state = PairState.WAITING

    def close(self, component: int) -> None:
        """Nothing more is to be checked for this component: it has its pair (8.1.2)."""
        self._triggered = deque(one for one in self._triggered if one.component != component)
        self._pairs = [one for one in self._pairs if one.component != component or one.state == PairState.SUCCEEDED]

    @property
    def has_more(self) -> bool:
        """Whether `next` has anything to give."""
        return bool(self._triggered) or self._ordinary() is not None

    def next(self, *, is_controlling: bool) -> CandidatePair | None:
        """The one to be checked now: triggered, or else the best that waits (6.1.4.2)."""
        return self._triggered.popleft() if self._triggered else self._ordinary(is_controlling=is_controlling)

    def _ordinary(self, *, is_controlling: bool = True) -> CandidatePair | None:
        """The best that waits; where none does, those that are like nothing under way are thawed first."""
        waiting = [one for one in self._pairs if one.state == PairState.WAITING]
        if not waiting:
            busy = {one.foundation for one in self._pairs if one.state == PairState.IN_PROGRESS}
            waiting = [one for one in self._pairs if one.state == PairState.FROZEN and one.foundation not in busy]
        return max(waiting, key=lambda one: one.priority(is_controlling=is_controlling), default=None)


def _family(address: Address) -> bool:
    return ":" in address.ip
