"""What a user agent can do, as it tells others (RFC 3261 20.1, 20.5, 20.37)."""

from __future__ import annotations

from typing import NamedTuple

from agents.sip.build import SDP

#: What every user agent here answers itself (RFC 3261 5: INVITE needs the first four).
CORE_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")


class Abilities(NamedTuple):
    """What a user agent tells others about itself."""

    #: Option tags that it understands in Require (20.32) and lists in Supported (20.37).
    supported: tuple[str, ...] = ()
    #: Methods beside `CORE_METHODS` that its role answers: REGISTER, MESSAGE, …
    methods: tuple[str, ...] = ()
    #: Body types that it understands (20.1).
    accept: tuple[str, ...] = (SDP,)
    #: User-Agent (20.41); none when empty.
    product: str = ""

    @property
    def allow(self) -> str:
        """Value of Allow (20.5)."""
        return ", ".join((*CORE_METHODS, *self.methods))
