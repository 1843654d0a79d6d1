"""Adaptive playout: when each packet is played, and what the listener misses.

A pure simulation: it holds no sound, only numbers and times, and its answers depend on nothing but the arrivals handed
in. So the agents use it live, to know when the buffer is deep enough to let a path go, and the measuring part uses it
on captures, to say what the listener heard.

How it behaves is taken from two sources:

* Y. J. Liang, N. Färber, B. Girod: Adaptive Playout Scheduling and Loss Concealment for Voice Communication over IP
  Networks, IEEE Transactions on Multimedia 5(4), 2003: the playout time follows the recent delays *within* a talk
  spurt, by making packets longer or shorter without changing the pitch; their listening tests found no harm in it.
* NetEQ, the jitter buffer of WebRTC (modules/audio_coding/neteq, decision_logic.cc): arrival history of 2 s; expand
  while a packet is missing, and go on with it when it comes after all; skip to a later packet once as much has been
  concealed as is missing in between; start to shorten only some way above the target.

Not done: the waveform. A real stretcher adds or cuts a whole pitch period now and then; here each frame changes by a
part of it, which is the same on average. Not done: comfort noise and pauses (DTX); the stream never stops.
"""

from collections import deque

from agents.rtp.delay import SPARSE_S, PathDelay, learn_delay
from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playing.stretching import Stretching
from agents.rtp.playout_events import Cause, Concealed, DepthChanged, LatePacket, Played, PlayoutEvent, Started

_EXACT = 1e-6
"""Seconds; two computed times closer than this are the same. A sample is 125 times as long."""

PROBED_S = 1.5
"""A path that brings packets further apart than a stream, but no further than this, is probed."""

_REPORT_STEP = 0.010 - _EXACT
"""Seconds by which the depth must have moved to be worth an event."""


class PlayoutBuffer:
    """Decides what is heard when. Depends only on arrivals: *when* the timer is served changes nothing.

    Sequence numbers and timestamps are extended ones (`DuplicateFilter` makes them); arrivals come in order of time.
    """

    def __init__(self, settings: PlayoutSettings, *, most_events: int | None = None) -> None:
        """Begin silent; ValueError for settings that make no sense. Of events not taken the last `most_events` stay."""
        settings.check()
        self._settings = settings
        self._ticks = round(settings.interval * settings.clock_rate)
        self._paths: dict[str, PathDelay] = {}
        self._base: float | None = None  # lowest transit
        self._now = float("-inf")
        self._events: deque[PlayoutEvent] = deque(maxlen=most_events)
        self.discarded = 0
        """Packets that came too late to be played."""
        # What waits to be played: media time in ticks -> (sequence, arrival). Media time is the timestamp plus a shift,
        # so that a stream with another SSRC or another origin of its timestamps continues the same time line.
        self._buffer: dict[int, tuple[int, float]] = {}
        self._shift = 0
        self._earlier_shift = 0
        self._segment_begins = True
        self._segment_sequence = 0
        self._segment_media = 0
        self._highest = (0, 0)
        # The schedule. Nothing is played before the first packet, and from then on there always is a next step.
        self._due: float | None = None
        self._next = 0
        self._next_sequence: int | None = None
        self._offset = 0.0  # playout time less media time
        self._stretching = Stretching(settings)
        self._reported_depth = 0.0
        # The hole that we are in: seconds concealed so far, and whether the buffer was empty meanwhile.
        self._hole = 0.0
        self._starved = False
        self._probe: int | None = None  # media time of the newest one that is no duplicate

    # --- in ----------------------------------------------------------------------------------------------------------

    def receive(self, sequence: int, timestamp: int, *, path: str, now: float, duplicate: bool) -> None:
        """Take in a packet that arrived at `now` over `path`.

        A duplicate is not played, but tells how long its path takes: that is how a handover announces itself.
        """
        while self._due is not None and self._due < now:
            self._step(self._due)
        self._now = max(now, self._now)
        if self._segment_begins or self._is_discontinuous(sequence, timestamp):
            self._begin_segment(sequence, timestamp, now)
        is_probe = False
        if sequence < self._segment_sequence and self._earlier_shift != self._shift:
            # A straggler; what it says of the delay is no longer comparable.
            media = timestamp + self._earlier_shift
            if media >= self._segment_media:
                return  # the old stream goes on beside the new one, which has its place
        else:
            media = timestamp + self._shift
            is_probe = self._is_probe(path, now)
            self._learn(path, now - media / self._settings.clock_rate, now)
            self._highest = max(self._highest, (sequence, timestamp))
        if duplicate:
            return
        if self._due is None:
            self._start(sequence, media, now)
        elif media < self._next:
            if self._next_sequence is not None:
                self._drop(sequence, media, now)
                return
            # Overtaken by the packet that we wanted to start with: begin with this one, as early as can be.
            self._due = max(now, self._due - (self._next - media) / self._settings.clock_rate)
            self._next = media
        self._buffer[media] = (sequence, now)
        if is_probe:
            self._probe = media
        self._stretching.spare = self._offset + media / self._settings.clock_rate - now

    def reset(self) -> None:
        """Say that the next packet begins a stream with numbers of its own (SSRC change, restart).

        What is buffered is still played, and then the new stream, without a hole if it comes in time.
        """
        self._segment_begins = True

    def stop(self) -> None:
        """The call is over, or on hold: fall silent, and start anew with the next packet."""
        self._due = None
        self._buffer.clear()
        self._hole = 0.0
        self._segment_begins = True

    # --- timer -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When the next frame is due; None before the first packet."""
        return self._due

    def handle_timer(self, *, now: float) -> None:
        """Play or conceal all that is due by `now`."""
        self._now = max(now, self._now)
        while self._due is not None and self._due <= now:
            self._step(self._due)

    # --- out ---------------------------------------------------------------------------------------------------------

    def next_event(self) -> PlayoutEvent | None:
        """Take the oldest event not yet taken."""
        return self._events.popleft() if self._events else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be played."""
        return not self._buffer

    @property
    def depth(self) -> float:
        """How much later than the fastest packet so far would have allowed each packet is played, in seconds."""
        return self._offset - self._base if self._due is not None and self._base is not None else 0.0

    @property
    def target(self) -> float:
        """The depth that the paths in use ask for."""
        return self._target_offset() - self._base if self._base is not None else self._settings.initial_depth

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths in use: those that brought a packet within `path_memory`; beside a stream, probes are none."""
        return tuple(self._in_use(self._now))

    def is_settled(self, path: str, *, now: float) -> bool:
        """Whether a packet that comes now over this path is one of a stream: no probe, nothing that was said before."""
        delay = self._paths.get(path)
        return delay is not None and delay.is_settled(now=now)

    def required_depth(self, path: str) -> float | None:
        """The depth at which packets of this path alone would all be in time; None if it brought none lately."""
        delay = self._paths.get(path)
        slowest = delay.slowest(now=self._now) if delay else None
        if slowest is None or self._base is None:
            return None
        return slowest + self._settings.margin - self._base

    def wait(self, path: str) -> float | None:
        """How long the slowest recent packet of this path waits for its turn, in seconds; below 0: it was late.

        None if the path brought none lately.
        """
        required = self.required_depth(path)
        return None if required is None else self.depth - (required - self._settings.margin)

    def covers(self, path: str) -> bool:
        """Say whether the listener would notice nothing if this path were the only one from now on."""
        required = self.required_depth(path)
        return required is not None and path in self.paths and self.depth >= required - _EXACT

    # --- arrivals ----------------------------------------------------------------------------------------------------

    def _is_discontinuous(self, sequence: int, timestamp: int) -> bool:
        """Say whether the timestamp has jumped by more than a second without the sequence number: a new origin."""
        highest, highest_timestamp = self._highest
        if sequence <= highest:
            return False
        expected = highest_timestamp + (sequence - highest) * self._ticks
        return abs(timestamp - expected) > self._settings.clock_rate

    def _begin_segment(self, sequence: int, timestamp: int, now: float) -> None:
        """Find the place of a new stream on the time line, and forget what was known of the paths."""
        self._earlier_shift = self._shift
        if self._due is not None and self._base is not None:
            # As if this packet had been as fast as the fastest; but not before the end of what is buffered.
            end = max(self._buffer, default=self._next - self._ticks) + self._ticks
            media = max(end, round((now - self._base) * self._settings.clock_rate))
            self._shift = media - timestamp
        self._segment_begins = False
        self._segment_sequence = sequence
        self._segment_media = timestamp + self._shift
        self._highest = (sequence, timestamp)
        self._paths.clear()
        self._base = None

    def _is_probe(self, path: str, now: float) -> bool:
        """Whether a packet that comes now is one that comes over a path now and then, while another one has a stream.

        Such a path, when it wakes, may bring all that is missing: a probe is no sign that it was lost.
        """
        delay = self._paths.get(path)
        if delay is None or not SPARSE_S < now - delay.heard <= PROBED_S:
            return False
        others = [other for other in self._paths.values() if other is not delay]
        return any(other.is_stream and other.heard > now - PROBED_S for other in others)

    def _learn(self, path: str, transit: float, now: float) -> None:
        learn_delay(self._paths, path, transit, window=self._settings.window, now=now)
        if self._base is None or transit < self._base:
            self._base = transit

    def _in_use(self, now: float) -> dict[str, PathDelay]:
        since = now - self._settings.path_memory
        heard = {name: delay for name, delay in self._paths.items() if delay.heard > since}
        newest = max((delay.heard for delay in heard.values() if delay.is_stream), default=since)
        return {name: delay for name, delay in heard.items() if delay.is_stream or delay.heard > newest}

    def _start(self, sequence: int, media: int, now: float) -> None:
        self._due = now + self._settings.initial_depth
        self._next = media
        self._next_sequence = None
        self._offset = self._due - media / self._settings.clock_rate
        self._reported_depth = self._settings.initial_depth

    def _drop(self, sequence: int, media: int, now: float) -> None:
        self.discarded += 1
        self._events.append(LatePacket(sequence, now - self._offset - media / self._settings.clock_rate))

    # --- schedule ----------------------------------------------------------------------------------------------------

    def _step(self, due: float) -> None:
        """Play or conceal one frame at `due`."""
        if self._hole:
            self._report_concealed(due)
            media = self._media_after_hole(due)
        else:
            media = self._next if self._next in self._buffer else None
        if media is None:
            self._conceal()
        else:
            self._play(media, due)

    def _conceal(self) -> None:
        self._hole += self._settings.interval
        self._due = self._offset + self._next / self._settings.clock_rate + self._hole

    def _report_concealed(self, due: float) -> None:
        """Report the interval that was concealed up to `due`, now that it is known what came meanwhile."""
        interval = self._settings.interval
        expected = self._next_sequence
        cause: Cause
        if self._next in self._buffer:
            cause = "late"
        elif self._buffer:
            cause = "lost"
            if expected is not None:
                expected += round(self._hole / interval) - 1
        else:
            cause = "underrun"
            expected = None
            self._starved = True
        self._stretching.missed = due
        self._events.append(Concealed(expected, due - interval, interval, cause))

    def _media_after_hole(self, due: float) -> int | None:
        """Choose what to play at `due`, when the packet before was missing; None to go on concealing."""
        if not self._buffer:
            return None
        self._limit_depth()
        media = min(self._buffer)
        if media == self._probe and len(self._buffer) == 1 and media != self._next:
            return None
        missing = (media - self._next) / self._settings.clock_rate
        if missing > self._hole + _EXACT:
            return None  # its turn comes when as much has been concealed as is missing before it
        if self._starved and missing < self._hole - _EXACT and due - self._buffer[media][1] < self._settings.margin:
            # The schedule slips, because packets have become slower. The next one may be slower still: take the margin
            # at once, or the one hole becomes two.
            return None
        return media

    def _limit_depth(self) -> None:
        """See to it, after an outage, that nothing holds the listener back by more than `max_depth`."""
        rate = self._settings.clock_rate
        newest = max(self._buffer)
        fastest = self._buffer[newest][1] - newest / rate
        if self._base is not None and fastest - self._base > self._settings.max_depth:
            # Even the newest is that late. So this is no queue that will be worked off: the path is another one, or the
            # sender's timestamps stood still while it was on hold. What was learnt before is of no use.
            self._base = fastest
            self._paths.clear()
        excess = newest - round(self._settings.max_depth * rate)
        for media in sorted(media for media in self._buffer if media < excess):
            sequence, arrival = self._buffer.pop(media)
            self._drop(sequence, media, arrival)

    def _play(self, media: int, due: float) -> None:
        settings = self._settings
        sequence, arrival = self._buffer.pop(media)
        last = self._next_sequence
        if last is None:
            self._events.append(Started(due))
        elif sequence < last:
            # Its timestamp says later, its number says before. Never play out of order: better a hole.
            self._drop(sequence, media, arrival)
            self._conceal()
            return
        if last is None or self._hole:
            slip = due - media / settings.clock_rate - self._offset
            self._offset += slip if abs(slip) > _EXACT else 0.0
            self._hole = 0.0
            self._starved = False
        stretch = self._stretch(media + self._ticks, due)
        self._events.append(Played(sequence, due, settings.interval + stretch))
        self._next = media + self._ticks
        self._next_sequence = sequence + 1
        # From the offset and not from the frame before, so that rounding errors don't add up over an hour.
        self._offset += stretch
        self._due = self._offset + self._next / settings.clock_rate
        if abs(self.depth - self._reported_depth) > _REPORT_STEP:
            self._reported_depth = self.depth
            self._events.append(DepthChanged(self._due, self.depth, self.target))

    def _stretch(self, following: int, due: float) -> float:
        """Seconds by which to play the frame of `due` longer, or shorter if negative, to come nearer to the target.

        `following` is the media time of the next one.
        """
        deficit = self._target_offset() - self._offset
        waiting = len(self._buffer)
        is_one_missing = waiting > 0 and max(self._buffer) - following >= waiting * self._ticks
        return self._stretching.of_frame(deficit, due=due, is_one_missing=is_one_missing)

    def _target_offset(self) -> float:
        """Playout time less media time that the paths in use ask for; as it is if there are none."""
        now = self._due if self._due is not None else self._now
        target: float | None = None
        for delay in self._in_use(now).values():
            if (slowest := delay.slowest(now=now)) is not None:
                target = slowest if target is None else max(target, slowest)
        if target is None or self._base is None:
            return self._offset
        depth = target + self._settings.margin - self._base
        return self._base + min(max(depth, self._settings.min_depth), self._settings.max_depth)
