"""Legs that stand ready: on which of a call's legs media go, and what is said again when one has fallen silent.

Beyond the paper, after what it says of a passive session (4.1, 4.4). One leg carries the call, another stands by: it
gets a packet now and then, a probe. Each end decides for itself when media go over all legs: who hears nothing any more
sends over the other leg at once, and begins with what the last half second was. What an end wants it says on each leg
(`agents.rtp.leg_notice`), and gets it: so the mobile node, which leads, moves the call from one leg to the other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.media.ring import SpeechRing
from agents.media.silences import SILENCE
from agents.rtp.source import PACKET_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from agents.media.silences import Silences
    from agents.rtp.leg_notice import LegNotice

#: How often a leg that stands by gets a packet of speech.
PROBE_S = 1.0
#: And when the first time: a B2BUA that has let the stream pass by unseen knows by then what the other leg brings.
FIRST_PROBE_S = 0.100
#: How often it is said whether media are wanted, and when again after a change: the first one may be lost.
NOTICE_S = 1.0
AGAIN_AFTER_S = (0.020, 0.060)
#: How long a leg that was silent has to be heard until it is believed again.
GOOD_S = 1.0
#: What was said a round trip before the last packet came may have been on its way into the silence, so may one more.
#: How long that is where RTCP has not told:
USUAL_ROUND_TRIP_S = 0.080
#: Legs that were heard last within so long have fallen silent together.
TOGETHER_S = 0.250
#: So long after the call has moved, what the peer does not hear may still be the leg before.
LED_S = 2.0
#: A pause that has ended is complained of for `GOOD_S` and a little; what goes on for longer is no pause.
UNHEARD_S = 1.5
#: Reasons for copies, see `want_copies`, beside `SILENCE`.
OTHER_END = "the other end"
UNTOLD = "a new leg"


class Copies(StrEnum):
    """When media go over both legs: all the time, while a link is in danger, or when an end hears nothing."""

    ALWAYS = "always"
    AT_RISK = "at-risk"
    ON_SILENCE = "on-silence"


class Notice(NamedTuple):
    """To be said on a leg, see `LegNotice`."""

    leg: Hashable
    is_wanted: bool
    is_silent: bool


class _Standing:
    """One leg: whether it began by standing by, what the peer wants there, and what we do."""

    def __init__(self, *, is_ready: bool, now: float) -> None:
        self.is_ready = is_ready
        self.is_wanted: bool | None = None
        self.is_on = not is_ready
        self.said: bool | None = None
        self.next_probe = now + FIRST_PROBE_S
        self.notices = [now]
        self.round_trip_s = USUAL_ROUND_TRIP_S


class LegReadiness:
    """Of one call at one end."""

    def __init__(
        self,
        copies: Copies,
        silences: Silences,
        tell: Callable[..., None],
        *,
        leads: bool,
        interval_s: float = PACKET_INTERVAL,
    ) -> None:
        """Who `leads` says which leg carries the call; `tell` gets an event, a leg or None, and facts.

        A packet has `interval_s` of speech.
        """
        self._interval_s = interval_s
        self._silences = silences
        self._tell = tell
        self._leads = leads
        # A new leg may be there because a link is in danger already; the other end says so after a round trip or two.
        self._copies_till_told = copies is Copies.AT_RISK
        self._main: Hashable = None
        self._legs: dict[Hashable, _Standing] = {}
        self._ring = SpeechRing(interval_s)
        self._reasons: set[str] = {Copies.ALWAYS} if copies is Copies.ALWAYS else set()
        # The legs that were silent when nothing was heard any more.
        self._silent: set[Hashable] = set()
        self._again: list[tuple[Hashable, bytes]] = []
        self._notices: list[Notice] = []
        self._led_at = float("-inf")
        # The legs on which the peer has said last that it hears nothing any more.
        self._complaining: set[Hashable] = set()
        # When it began to say so of the leg that carries the call, while we hear it there.
        self._complained_at: float | None = None

    # -- legs ---------------------------------------------------------------------------------------------------------

    def add(self, leg: Hashable, *, is_ready: bool, now: float) -> None:
        """A leg that carries the call, or one that is ready to."""
        if leg not in self._legs:
            self._legs[leg] = _Standing(is_ready=is_ready, now=now)
            if not is_ready:
                self._main = leg
        self._look(now)

    def drop(self, leg: Hashable, *, now: float) -> None:
        """A leg is gone."""
        if self._legs.pop(leg, None) is not None:
            self._silent.discard(leg)
            self._complaining.discard(leg)
            if not self._silent:
                self._reasons.discard(SILENCE)
            if leg == self._main and not self._leads:
                self._main = next(iter(self._legs), None)
            self._look(now)

    def lead(self, leg: Hashable, *, now: float) -> None:
        """From now on this leg carries the call."""
        self._main, self._led_at, self._complained_at = leg, now, None
        if leg not in self._silent:
            self._silent.clear()
            self._reasons.discard(SILENCE)
        self._look(now)

    def learn(self, leg: Hashable, *, round_trip_s: float) -> None:
        """How long it takes there and back on a leg, as RTCP tells."""
        standing = self._legs.get(leg)
        if standing is not None:
            standing.round_trip_s = round_trip_s

    def want_copies(self, reason: str, *, is_so: bool, now: float) -> None:
        """Have media go over all legs for a reason, or no longer for that one."""
        if is_so != (reason in self._reasons):
            (self._reasons.add if is_so else self._reasons.discard)(reason)
            self._look(now)

    @property
    def legs(self) -> tuple[Hashable, ...]:
        """All that there are, in the order in which they came."""
        return tuple(self._legs)

    @property
    def main(self) -> Hashable:
        """The leg that carries the call; at an end that does not lead, as far as the other one has let it know."""
        return self._main

    @property
    def is_silent(self) -> bool:
        """Whether nothing is heard any more of what was heard, or has not been for long enough."""
        return SILENCE in self._reasons

    def is_missed(self, leg: Hashable, *, now: float) -> bool:
        """Whether it is to be told of a leg that it has fallen silent.

        Who does not lead is not told that copies end: there it is no silence while another leg is heard.
        """
        if self._leads or leg == self._main:
            return True
        watches = [self._silences.watch(other) for other in self._legs if other != leg]
        return not any(watch is not None and watch.is_heard(now=now) for watch in watches)

    def unheard(self, *, now: float) -> Hashable:
        """The leg that carries the call, if the peer has not heard us there for long enough; else None."""
        is_so = self._complained_at is not None and now >= self._complained_at + UNHEARD_S
        return self._main if is_so else None

    def wants(self, leg: Hashable) -> bool:
        """Whether we want media there: where the call is, if it is ours to say, and everywhere if there is a reason."""
        return bool(self._reasons) or (self._leads and leg == self._main)

    def is_on(self, leg: Hashable) -> bool:
        """Whether media go there."""
        standing = self._legs.get(leg)
        return standing is None or standing.is_on

    # -- in -----------------------------------------------------------------------------------------------------------

    def take(self, leg: Hashable, notice: LegNotice, *, now: float) -> None:
        """What the peer wants, and what has come there."""
        standing = self._legs.get(leg)
        if standing is None:
            return
        self._note_complaint(leg, is_so=notice.is_silent, now=now)
        standing.is_wanted = notice.is_wanted
        if notice.is_quiet:
            self._expect_nothing()
        wanted = [name for name, one in self._legs.items() if one.is_wanted]
        if len(wanted) == 1 and not self._leads:
            (self._main,) = wanted
        elsewhere = any(other.is_wanted for name, other in self._legs.items() if name not in self._silent)
        if elsewhere and all(self._legs[name].is_wanted is False for name in self._silent):
            self._silent.clear()
            self._reasons.discard(SILENCE)
        self._look(now)
        if notice.is_silent and notice.is_wanted and notice.highest is not None and leg not in self._silent:
            self._say_again(leg, list(self._ring.after(leg, notice.highest)))

    def say_anew(self, *, now: float) -> None:
        """Say on all legs what we want, and say it again soon: there is something new to go with it."""
        for leg, standing in self._legs.items():
            standing.notices = [now + later for later in AGAIN_AFTER_S]
            self._say(leg)

    def sent(self, data: bytes, *, now: float) -> list[Hashable]:
        """The legs that a packet which is due goes to now."""
        legs = {leg for leg, standing in self._legs.items() if standing.is_on or now >= standing.next_probe}
        for leg in legs:
            self._legs[leg].next_probe = now + PROBE_S
        self._ring.add(data, legs, now=now)
        return [leg for leg in self._legs if leg in legs]

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next; probes go with the packets that are due."""
        if len(self._legs) < 2:
            return None
        timers = [standing.notices[0] for standing in self._legs.values()]
        if self._silent and (good_at := self._good_at()) is not None:
            timers.append(good_at)
        return min(timers)

    def handle_timer(self, *, now: float) -> None:
        """Notes silences and their ends, and says what it is time to say."""
        if SILENCE not in self._reasons and len(self._legs) > 1:
            self._look_for_silence(now)
        if self._silent and (good_at := self._good_at()) is not None and now >= good_at:
            self._silent.clear()
            self._reasons.discard(SILENCE)
            self._look(now)
        for leg, standing in self._legs.items():
            if now >= standing.notices[0] and len(self._legs) > 1:
                standing.notices = [at for at in standing.notices if at > now] or [now + NOTICE_S]
                self._say(leg)

    def notices(self) -> list[Notice]:
        """Take what is to be said now."""
        notices, self._notices = self._notices, []
        return notices

    def again(self) -> list[tuple[Hashable, bytes]]:
        """Take what is to be said again: legs and packets, the oldest first."""
        again, self._again = self._again, []
        return again

    # -- inside -------------------------------------------------------------------------------------------------------

    def _look_for_silence(self, now: float) -> None:
        """If one leg has fallen silent and no other one is heard: copies, and what the silence has swallowed."""
        watches = {leg: watch for leg in self._legs if (watch := self._silences.watch(leg)) is not None}
        silent = {
            leg: watch.heard_at for leg, watch in watches.items() if watch.is_silent and watch.heard_at is not None
        }
        if not silent or any(watch.is_heard(now=now) for watch in watches.values()):
            return
        heard_at = max(silent.values())
        # One that was left before, as when copies ended, is not expected to be heard again.
        self._silent = {leg for leg, at in silent.items() if at > heard_at - TOGETHER_S}
        self._reasons.add(SILENCE)
        round_trips = [self._legs[leg].round_trip_s for leg in self._silent]
        self._look(now, since=heard_at - max(round_trips) - self._interval_s)

    def _expect_nothing(self) -> None:
        """No silence is a break before packets have come again."""
        for leg in self._legs:
            if (watch := self._silences.watch(leg)) is not None:
                watch.pause()
        self._silent.clear()
        self._reasons.discard(SILENCE)

    def _note_complaint(self, leg: Hashable, *, is_so: bool, now: float) -> None:
        """One that was overtaken on a slower leg is no news; soon after a move it is about the leg before."""
        if is_so and not self._complaining | self._silent and now >= self._led_at + LED_S:
            self._complained_at = now
        (self._complaining.add if is_so else self._complaining.discard)(leg)
        if not self._complaining:
            self._complained_at = None

    def _good_at(self) -> float | None:
        """When all that were silent will have been heard for long enough; None while one is not heard."""
        watches = [watch for leg in self._silent if (watch := self._silences.watch(leg)) is not None]
        if any(one.is_silent for one in watches):
            return None
        return max((one.heard_since for one in watches), default=0.0) + GOOD_S

    def _look(self, now: float, *, since: float | None = None) -> None:
        """Sends where it is to be sent by now; says again there what was said since a time."""
        was_on = {leg for leg, one in self._legs.items() if one.is_on}
        on = {leg for leg in self._legs if self._is_to_be_sent(leg)} or set(self._legs)
        for leg, standing in self._legs.items():
            standing.is_on = leg in on
            if self._leads and (watch := self._silences.watch(leg)) is not None:
                watch.expect(is_so=self.wants(leg))
            if standing.said is not self.wants(leg) and standing.said is not None:
                standing.notices = [now + later for later in AGAIN_AFTER_S]
                self._say(leg)
            if leg in on - was_on and since is not None:
                self._say_again(leg, list(self._ring.since(leg, since)))
        if len(on) > 1 >= len(was_on):
            is_told = all(self._legs[leg].is_wanted is not None for leg in on)
            self._tell("copies", None, because=sorted(self._reasons) or [OTHER_END if is_told else UNTOLD])
        elif len(was_on) > 1 >= len(on):
            self._tell("copies_end", None)

    def _is_to_be_sent(self, leg: Hashable) -> bool:
        standing = self._legs[leg]
        if self._reasons or len(self._legs) == 1:
            return True
        if self._leads:
            return leg == self._main or bool(standing.is_wanted)
        if standing.is_wanted is None:
            return self._copies_till_told or not standing.is_ready
        return standing.is_wanted

    def _say(self, leg: Hashable) -> None:
        standing = self._legs[leg]
        standing.said = self.wants(leg)
        self._notices.append(Notice(leg, standing.said, self.is_silent))

    def _say_again(self, leg: Hashable, packets: list[bytes]) -> None:
        if packets:
            self._again += [(leg, data) for data in packets]
            self._tell("said_again", leg, packets=len(packets))
