"""What holds for a playout buffer whatever the network does."""

from hypothesis import assume, given
from hypothesis import settings as run
from hypothesis import strategies as st

from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout import PlayoutBuffer
from agents.rtp.playout_events import Concealed, Played, PlayoutEvent, Started

Packet = tuple[float, int, int, str]
"""Arrival in seconds, extended sequence number, extended timestamp, path."""


@st.composite
def calls(draw: st.DrawFn) -> list[Packet]:
    """A stream over two paths that lose, delay, reorder and copy as they like."""
    length = draw(st.integers(1, 80))
    origin = draw(st.integers(0, 2**33))
    packets: list[Packet] = []
    for path, most in (("wifi", 0.050), ("umts", 3.0)):
        constant = draw(st.floats(0, most))
        for n in range(length):
            delays = draw(st.lists(st.floats(0, 0.2), max_size=2))
            packets += [(n * 0.020 + constant + delay, 1000 + n, origin + 160 * n, path) for delay in delays]
    return sorted(packets)


NONSENSE = st.lists(
    st.tuples(
        st.floats(0, 3),
        st.integers(0, 50) | st.integers(0, 2**20),
        st.integers(0, 50).map(lambda n: 160 * n) | st.integers(0, 2**20),
        st.sampled_from(["wifi", "umts"]),
    ),
    max_size=40,
).map(sorted)
"""Packets whose numbers have nothing to do with each other or with the time."""

SETTINGS = st.sampled_from(
    [
        PlayoutSettings(),
        PlayoutSettings(initial_depth=0.0, min_depth=0.0, margin=0.0, hysteresis=0.0),
        PlayoutSettings(max_stretch=0.0),
        PlayoutSettings(max_stretch=0.5, max_depth=0.1, window=0.1, path_memory=0.05),
        PlayoutSettings(interval=0.010),
    ]
)
TIMERS = st.lists(st.floats(0, 10), max_size=20).map(sorted)


def listen(settings: PlayoutSettings, packets: list[Packet], timers: list[float], until: float) -> list[PlayoutEvent]:
    """Feed a buffer, serving its timer at some instants of its own choice besides."""
    buffer = PlayoutBuffer(settings)
    events: list[PlayoutEvent] = []
    heard: set[int] = set()
    waiting = list(timers)
    for at, sequence, timestamp, path in packets:
        while waiting and waiting[0] < at:
            served = waiting.pop(0)
            buffer.handle_timer(now=served)
            timer = buffer.get_timer()
            assert timer is None or timer > served, "a timer that was served is over"
        buffer.receive(sequence, timestamp, path=path, now=at, duplicate=sequence in heard)
        heard.add(sequence)
        assert buffer.get_timer() is not None or heard == set(), "as long as there are packets there is a timer"
        while event := buffer.next_event():
            events.append(event)
    buffer.handle_timer(now=until)
    while event := buffer.next_event():
        events.append(event)
    return events


def check(settings: PlayoutSettings, events: list[PlayoutEvent]) -> None:
    """Hold one report to the promises that every listener may rely on."""
    sequences = [event.sequence for event in events if isinstance(event, Played)]
    assert sequences == sorted(set(sequences)), "nothing is played twice, and nothing out of order"
    spans = [(event.at, event.duration) for event in events if isinstance(event, (Played, Concealed))]
    starts = [event.at for event in events if isinstance(event, Started)]
    assert len(starts) <= 1
    clock = starts[0] if starts else 0.0
    for at, duration in spans:
        assert abs(at - clock) < 1e-5, "each interval begins where the one before ended: played + concealed = elapsed"
        assert duration >= settings.interval * (1 - settings.max_stretch) - 1e-9
        assert duration <= settings.interval * (1 + max(settings.max_stretch, settings.hurried_stretch)) + 1e-9
        clock = at + duration


@run(deadline=None)
@given(settings=SETTINGS, packets=calls(), timers=TIMERS)
def test_time_is_played_or_concealed_once(
    settings: PlayoutSettings, packets: list[Packet], timers: list[float]
) -> None:
    check(settings, listen(settings, packets, timers, until=5.0))


@run(deadline=None)
@given(settings=SETTINGS, packets=NONSENSE, timers=TIMERS)
def test_and_so_it_is_for_nonsense(settings: PlayoutSettings, packets: list[Packet], timers: list[float]) -> None:
    check(settings, listen(settings, packets, timers, until=5.0))


@run(deadline=None)
@given(settings=SETTINGS, packets=calls(), timers=TIMERS)
def test_when_the_timer_is_served_changes_nothing(
    settings: PlayoutSettings, packets: list[Packet], timers: list[float]
) -> None:
    assert listen(settings, packets, timers, until=5.0) == listen(settings, packets, [], until=5.0)


@run(deadline=None)
@given(packets=calls())
def test_times_and_timestamps_are_relative(packets: list[Packet]) -> None:
    """A day later, and with timestamps from elsewhere, the same is heard."""
    packets = sorted((at + n * 37 % 97 * 1e-5, n, timestamp, path) for at, n, timestamp, path in packets)
    shifted = [(at + 65536.0, sequence, timestamp + 12345, path) for at, sequence, timestamp, path in packets]
    here = listen(PlayoutSettings(), packets, [], until=5.0)
    there = listen(PlayoutSettings(), shifted, [], until=5.0 + 65536.0)

    def heard(events: list[PlayoutEvent]) -> list[tuple[str, int | None]]:
        return [(type(e).__name__, e.sequence) for e in events if isinstance(e, (Played, Concealed))][:40]

    # An arrival in the very instant of a playout may fall to either side of it.
    for nudge in (1e-8, -1e-8):
        nudged = [(one[0] + place * place * nudge, *one[1:]) for place, one in enumerate(packets)]
        assume(heard(here) == heard(listen(PlayoutSettings(), nudged, [], until=5.0)))
    assert heard(here) == heard(there)


@run(deadline=None)
@given(
    n=st.integers(20, 60),
    step=st.floats(0, 0.100),
    jitter=st.lists(st.floats(0, 0.010), min_size=200, max_size=200),
)
def test_a_path_that_is_covered_can_be_let_go(n: int, step: float, jitter: list[float]) -> None:
    """Once `covers` says so, the old path may end with the packet just sent, and nothing is missed.

    As long as the new path keeps to what it has shown: here it does, within the margin.
    """
    buffer = PlayoutBuffer(PlayoutSettings())
    queue: list[Packet] = []
    for i in range(200):
        queue.append((i * 0.020 + 0.0015, i, 160 * i, "wifi"))
        if i >= n:
            queue.append((i * 0.020 + 0.0015 + step + jitter[i], i, 160 * i, "umts"))
    heard: set[int] = set()
    let_go: float | None = None
    for at, sequence, timestamp, path in sorted(queue):
        if let_go is not None and path == "wifi" and at > let_go:
            continue
        buffer.receive(sequence, timestamp, path=path, now=at, duplicate=sequence in heard)
        heard.add(sequence)
        if let_go is None and buffer.covers("umts"):
            let_go = at
    events = []
    while event := buffer.next_event():
        events.append(event)
    assert let_go is not None
    assert not [event for event in events if isinstance(event, Concealed)]
