"""What a user agent can do, as it tells others (RFC 3261 20.1, 20.5, 20.37)."""

from __future__ import annotations

from typing import Any, NamedTuple

from agents.sip.message.build import SDP

#: What every user agent here answers itself (RFC 3261 5: INVITE needs the first four).
CORE_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")

#: RFC 4028.
TIMER = "timer"


class SessionInterval(NamedTuple):
    """That sessions are to be refreshed, or end (RFC 4028)."""

    #: Seconds to ask for; None asks for none, and lets the peer have its way. RFC 4028 4: SHOULD NOT be less.
    seconds: int | None = 1800
    #: Seconds that we refuse to go below (422), 90 at least.
    minimum: int = 90
    #: Who is to refresh, "uac" or "uas" of that INVITE; "" leaves it open.
    refresher: str = ""

    @classmethod
    def of(cls, config: dict[str, Any]) -> SessionInterval | None:
        """That of a role's configuration, `session_timer_s`; None where it says nothing."""
        return cls(config["session_timer_s"]) if "session_timer_s" in config else None


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
    #: Session timers for all calls; None: no such thing.
    session_interval: SessionInterval | None = None
    #: Whether its role sends keep-alives over flows of dialogs, where the peer wants them (RFC 6223).
    keeps_alive: bool = False

    @property
    def allow(self) -> str:
        """Value of Allow (20.5)."""
        return ", ".join((*CORE_METHODS, *self.methods))
