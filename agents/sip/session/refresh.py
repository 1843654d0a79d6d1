"""Session timers: a call that nobody refreshes any more ends (RFC 4028). Not done: UPDATE."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.grammar import MAX_SECONDS, param, parse_number, parse_params
from agents.sip.session.abilities import TIMER
from agents.sip.session.outcomes import Expired, RefreshDue

if TYPE_CHECKING:
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.session.abilities import SessionInterval
    from agents.sip.session.core import Core
    from agents.sip.session.outcomes import Report
    from agents.sip.transaction.timer import Timer

    Pairs = list[tuple[str, str]]

#: RFC 4028 4, 5: seconds; nobody may ask for less.
SMALLEST = 90
UAC, UAS = "uac", "uas"


class SessionExpires(NamedTuple):
    """Seconds, and who refreshes, "" where that is left open."""

    seconds: int
    refresher: str

    @classmethod
    def of(cls, message: Message) -> SessionExpires | None:
        """What the message says; None too where it cannot be read."""
        number, semicolon, rest = (message.headers.get("session-expires") or "").partition(";")
        try:
            seconds = parse_number(number.strip(), MAX_SECONDS, "Session-Expires")
            refresher = (param(parse_params(semicolon + rest), "refresher") or "").lower()
        except SipParseError:
            return None
        return cls(seconds, refresher if refresher in {UAC, UAS} else "")

    def __str__(self) -> str:
        return f"{self.seconds};refresher={self.refresher}" if self.refresher else str(self.seconds)


def min_se(message: Message) -> int:
    """Seconds; 0 when it is not there or cannot be read."""
    try:
        return parse_number((message.headers.get("min-se") or "").partition(";")[0].strip(), MAX_SECONDS, "Min-SE")
    except SipParseError:
        return 0


def check_interval(request: Request, interval: SessionInterval | None) -> None:
    """9: raises `RemoteProtocolError` with 422, but only to one that can do something about it."""
    asked = SessionExpires.of(request)
    if interval is None or asked is None or TIMER not in request.tags("supported"):
        return
    if asked.seconds < interval.minimum:
        headers = [("Min-SE", str(interval.minimum))]
        raise RemoteProtocolError(f"a session interval of {asked.seconds} s", status_hint=422, headers=headers)


class TimerState(StrEnum):
    """Who has to act: nobody, we, or the peer."""

    OFF = "OFF"
    REFRESHING = "REFRESHING"
    WATCHING = "WATCHING"


class SessionTimer:
    """Of one session: reports when it is to be refreshed (`RefreshDue`), and when nobody has (`Expired`).

    Its state is who has to act; every 2xx to an INVITE of the session may change that.
    """

    def __init__(self, core: Core, call_id: str, interval: SessionInterval, report: Report) -> None:
        self.state = TimerState.OFF
        #: When the session is over unless it is refreshed.
        self.expires_at = 0.0
        self._core = core
        self._call_id = call_id
        self._report = report
        self._wish = interval
        self._seconds = 0
        self._min_se = 0
        self._peer_knows = False
        self._is_held = False
        self._is_due = False
        self._timers: dict[str, Timer] = {}

    # -- our requests -------------------------------------------------------------------------------------------------

    def request_headers(self) -> Pairs:
        """7.1, 7.4: for every INVITE of ours."""
        smallest = max(self._min_se, self._wish.minimum if self._wish.minimum > SMALLEST else 0)
        if self.state is not TimerState.OFF:
            refresher = UAC if self.state is TimerState.REFRESHING else UAS
            asked = SessionExpires(max(smallest, SMALLEST, self._seconds), refresher)
        elif self._wish.seconds:
            asked = SessionExpires(max(smallest, self._wish.seconds), self._wish.refresher)
        else:
            return []
        headers = [("Session-Expires", str(asked))]
        return [*headers, ("Min-SE", str(smallest))] if smallest else headers

    def lengthen(self, request: Request, response: Response) -> Pairs | None:
        """7.3: what to change in a request that was answered with 422; None when it is no use to try again."""
        asked, wanted = SessionExpires.of(request), min_se(response)
        if asked is None or wanted <= max(asked.seconds, SMALLEST - 1):
            return None
        self._min_se = max(self._min_se, wanted)
        return [("Session-Expires", str(asked._replace(seconds=self._min_se))), ("Min-SE", str(self._min_se))]

    def on_answered(self, request: Request, response: Response, now: float) -> None:
        """7.2: a 2xx to an INVITE of ours."""
        agreed = SessionExpires.of(response)
        if request.to.tag is None:
            self._min_se = 0  # 7.4: what was learnt before the dialog does not count in it
        self._peer_knows |= agreed is not None or TIMER in response.tags("supported")
        if agreed is None and not self._peer_knows:
            agreed = SessionExpires.of(request)  # we may want it all the same, and do it alone
            agreed = agreed and agreed._replace(refresher=UAC)
        self._agree(agreed, UAC, now)

    def on_refused(self, now: float, retry_at: float | None) -> None:
        """10: a refresh of ours did not come through, and the session goes on until it expires.

        After a 491 again at `retry_at`, after others when half of the rest of the time is over.
        """
        if retry_at is None:
            rest = self.expires_at - now
            retry_at = now + rest / 2 if rest > SMALLEST / 10 else None
        if retry_at is not None and self.state is TimerState.REFRESHING:
            self._start("refresh", retry_at)

    # -- the peer's ---------------------------------------------------------------------------------------------------

    def accept(self, request: Request, now: float) -> tuple[Pairs, tuple[str, ...]]:
        """9: what the 2xx to the peer's INVITE has on top, and in its Require."""
        is_known = TIMER in request.tags("supported")
        self._peer_knows |= is_known
        smallest = max(min_se(request), SMALLEST)
        self._min_se = max(self._min_se, min_se(request))
        asked = SessionExpires.of(request)
        agreed = None
        if asked is not None and asked.seconds >= SMALLEST:
            seconds = min(asked.seconds, max(self._wish.seconds or asked.seconds, smallest))
            refresher = (asked.refresher or self._wish.refresher or UAC) if is_known else UAS  # table 2
            agreed = SessionExpires(seconds, refresher)
        elif asked is None and is_known and self._wish.seconds:
            agreed = SessionExpires(max(self._wish.seconds, smallest), self._wish.refresher or UAC)
        self._agree(agreed, UAS, now)
        if agreed is None:
            return [], ()
        return [("Session-Expires", str(agreed))], (TIMER,) if is_known else ()

    # -- time ---------------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """No refresh until `resume`; the session expires all the same."""
        self._is_held = True

    def resume(self, now: float) -> None:
        """Refresh now, if that was due meanwhile."""
        self._is_held = False
        if self._is_due:
            self._refresh(now)

    def stop(self) -> None:
        """The session is over."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._is_due = False

    def on_timer(self, name: str, now: float) -> None:
        """See `_agree`."""
        self._timers.pop(name, None)
        if name == "refresh":
            self._refresh(now)
        else:
            self._report(Expired(), now)

    def _refresh(self, now: float) -> None:
        self._is_due = self._is_held
        if not self._is_held:
            self._report(RefreshDue(), now)

    def _agree(self, agreed: SessionExpires | None, ours: str, now: float) -> None:
        """A 2xx says what counts from now on; `ours` is the part that we had in that INVITE."""
        self.stop()
        if agreed is None:
            self._set_state(TimerState.OFF)
            return
        # Less is no way to keep us busy.
        self._seconds = max(agreed.seconds, SMALLEST)
        self.expires_at = now + self._seconds
        is_ours = (agreed.refresher or UAC) == ours
        self._set_state(TimerState.REFRESHING if is_ours else TimerState.WATCHING)
        if is_ours:  # 7.2: after half of the time
            self._start("refresh", now + self._seconds / 2)
            self._start("expiry", self.expires_at)
        else:  # 10: slightly before
            self._start("expiry", self.expires_at - min(32, self._seconds / 3))

    def _start(self, name: str, at: float) -> None:
        if old := self._timers.get(name):
            old.cancel()
        self._timers[name] = self._core.timers.start(self, name, at)

    def _set_state(self, state: TimerState) -> None:
        if state is not self.state:
            self._core.log_state("session timer", self._call_id, f"{self.state} -> {state}")
            self.state = state
