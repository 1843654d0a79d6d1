"""Who nominates (RFC 8445 6.1.1): the one who began the call, unless both think so, or none (7.3.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute

if TYPE_CHECKING:
    from random import Random

    from agents.stun.stun_message import StunMessage

_TIE_BREAKER_BITS = 64


class IceRole:
    """Ours. It lasts as long as the call does, over restarts too (RFC 8445 9)."""

    def __init__(self, random: Random, *, is_controlling: bool) -> None:
        self.is_controlling = is_controlling
        self._tie_breaker = random.getrandbits(_TIE_BREAKER_BITS)

    @property
    def attribute(self) -> tuple[int, bytes]:
        """What a check of ours says of it (7.1.3)."""
        number = Attribute.ICE_CONTROLLING if self.is_controlling else Attribute.ICE_CONTROLLED
        return number, self._tie_breaker.to_bytes(8, "big")

    def has_conflict(self, message: StunMessage) -> bool:
        """Whether a check is to be answered by a 487; it may have us give in instead (7.3.1.1)."""
        same = Attribute.ICE_CONTROLLING if self.is_controlling else Attribute.ICE_CONTROLLED
        theirs = message.get(same)
        if theirs is None:
            return False
        is_larger = self._tie_breaker >= int.from_bytes(theirs, "big")
        if is_larger == self.is_controlling:
            return True
        self.is_controlling = not self.is_controlling
        return False

    def give_in(self, *, was_controlling: bool) -> None:
        """A check that we sent in this role was answered by a 487 (7.2.5.1)."""
        self.is_controlling = not was_controlling
