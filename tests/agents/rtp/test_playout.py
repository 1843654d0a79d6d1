"""What the listener hears, in exact virtual time.

Delays are those of the default links: wifi 1.5 ± 1 ms, umts 110 ± 20 ms.
"""

from random import Random

import pytest

from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout import PlayoutBuffer
from agents.rtp.playout_events import (
    DepthChanged,
    Played,
)

from .listening import Delay, Listener


def jittery(mean: float, jitter: float, seed: int) -> Delay:
    """Delays that are spread evenly around a mean, but never let one packet overtake another."""
    random = Random(seed)
    last = float("-inf")

    def delay(n: int) -> float:
        nonlocal last
        last = max(last, 20 * n + random.uniform(mean - jitter, mean + jitter))
        return last - 20 * n

    return delay


def wifi(seed: int = 1) -> Delay:
    return jittery(1.5, 1, seed)


def umts(seed: int = 2) -> Delay:
    return jittery(110, 20, seed)


# --- one path --------------------------------------------------------------------------------------------------------


def test_clean_stream_plays_without_a_hole_at_the_initial_depth() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5})
    mn.listen(until=2.0)
    assert mn.chart() == ["start at 41.5 ms", "play 0-97"]
    assert mn.depth == pytest.approx(40)
    assert all(e.duration == 0.020 for e in mn.events if isinstance(e, Played))
    assert [round(e.at, 4) for e in mn.events if isinstance(e, Played)][:2] == [0.0415, 0.0615]


def test_nothing_happens_before_the_first_packet() -> None:
    buffer = PlayoutBuffer(PlayoutSettings())
    buffer.handle_timer(now=5.0)
    assert buffer.get_timer() is None
    assert buffer.next_event() is None
    assert buffer.depth == 0
    assert buffer.target == 0.040
    assert buffer.required_depth("wifi") is None
    assert not buffer.covers("wifi")


def test_a_lost_packet_is_concealed_for_one_interval() -> None:
    mn = Listener()
    mn.send([n for n in range(100) if n != 50], {"wifi": 1.5})
    mn.listen(until=2.0)
    assert mn.chart() == ["start at 41.5 ms", "play 0-49", "lost 50 (20 ms)", "play 51-97"]


def test_a_burst_is_concealed_for_as_long_as_it_is_and_the_schedule_stays() -> None:
    mn = Listener()
    mn.send([n for n in range(100) if not 50 <= n < 55], {"wifi": lambda n: 1.5 if n < 50 else 1.6})
    mn.listen(until=2.0)
    # Three packets that could be late as well; then 55 is there and says what happened.
    assert mn.chart() == [
        "start at 41.5 ms",
        "play 0-49",
        "underrun (60 ms)",
        "lost 53 (20 ms)",
        "lost 54 (20 ms)",
        "play 55-97",
    ]
    assert mn.depth == pytest.approx(40)


def test_reordered_packets_are_played_in_order() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": lambda n: 31.5 if n % 10 == 5 else 1.5})
    mn.listen(until=2.0)
    assert mn.chart() == ["start at 41.5 ms", "play 0-97"]


def test_the_first_packet_may_be_overtaken() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": lambda n: 30 if n == 0 else 1})
    mn.listen(until=2.0)
    assert mn.chart() == ["start at 41 ms", "play 0-97"]


def test_a_packet_that_comes_while_it_is_concealed_is_played_next() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": lambda n: 46.5 if n == 50 else 1.5})
    mn.listen(until=2.0)
    assert mn.chart() == ["start at 41.5 ms", "play 0-49", "late 50 (20 ms)", "play 50-96"]
    assert mn.depth == pytest.approx(60), "the schedule has slipped by what was concealed"


def test_a_packet_that_comes_after_its_successor_was_played_is_thrown_away() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": lambda n: 66.5 if n == 50 else 1.5})
    mn.listen(until=2.0)
    assert mn.chart() == [
        "start at 41.5 ms",
        "play 0-49",
        "lost 50 (20 ms)",
        "play 51-51",
        "late 50 by 25.0 ms",
        "play 52-96",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_jitter_within_the_depth_is_not_heard(seed: int) -> None:
    mn = Listener()
    mn.send(range(1000), {"umts": umts(seed)})
    mn.listen()
    assert mn.concealed() == 0
    assert 40 <= mn.depth < 75


def test_growing_delay_is_followed_by_stretching() -> None:
    mn = Listener()
    mn.send(range(500), {"umts": lambda n: 100 + n / 2})
    mn.listen()
    assert mn.concealed() == 0
    assert mn.depth == pytest.approx(250 + 10, abs=2)


# --- from one path to another ----------------------------------------------------------------------------------------


def test_unannounced_step_is_a_hole() -> None:
    mn = Listener()
    mn.send(range(50), {"wifi": 1.5})
    mn.send(range(50, 100), {"umts": 110})
    mn.listen(until=2.0)
    # Packet 50 was due at 1.0415 and comes at 1.110.
    assert mn.chart() == ["start at 41.5 ms", "play 0-49", "underrun (60 ms)", "late 50 (20 ms)", "play 50-98"]
    assert mn.depth == pytest.approx(120)


def test_the_hole_of_an_unannounced_step_takes_the_margin_with_it() -> None:
    mn = Listener()
    mn.send(range(50), {"wifi": 1.5})
    mn.send(range(50, 100), {"umts": 116.5})
    mn.listen()
    # Packet 50 comes at 1.1165, 5 ms before the end of the fourth concealed interval: too near to start at once.
    assert mn.chart()[2:4] == ["underrun (60 ms)", "late 50 (40 ms)"]


@pytest.mark.parametrize("seed", range(20))
def test_announced_step_is_not_heard(seed: int) -> None:
    """One second of duplicates over the new path before the old one goes."""
    mn = Listener()
    old, new = wifi(seed), umts(seed)
    mn.send(range(200), {"wifi": old})
    mn.send(range(200, 250), {"wifi": old, "umts": new})
    mn.send(range(250, 500), {"umts": new})
    mn.listen()
    assert mn.concealed() == 0
    assert mn.played() == list(range(mn.played()[-1] + 1)), "nothing is skipped either"
    assert max(e.duration for e in mn.events if isinstance(e, Played)) <= 0.0225


def test_half_a_second_of_duplicates_makes_the_hole_shorter() -> None:
    mn = Listener()
    mn.send(range(200), {"wifi": 1.5})
    mn.send(range(200, 225), {"wifi": 1.5, "umts": 130})
    mn.send(range(225, 500), {"umts": 130})
    mn.listen()
    assert mn.concealed() == pytest.approx(60), "without them it would be 100"


def test_the_listener_says_when_the_new_path_is_covered() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5})
    mn.listen()
    assert mn.buffer.covers("wifi")
    assert mn.buffer.required_depth("wifi") == pytest.approx(0.010)
    assert mn.buffer.required_depth("umts") is None
    assert not mn.buffer.covers("umts")
    covered: list[tuple[float, bool]] = []
    mn.send(range(100, 200), {"wifi": 1.5, "umts": 110})
    mn.listen(each=lambda at: covered.append((at, mn.buffer.covers("umts"))))
    assert mn.buffer.required_depth("umts") == pytest.approx(0.1185)
    # The first copy comes at 2.110 s; 78.5 ms at 2.5 ms a frame of 22.5 ms take 0.71 s.
    since = next(at for at, yes in covered if yes)
    assert since == pytest.approx(2.110 + 0.71, abs=0.03)
    assert all(yes for at, yes in covered if at >= since)
    assert mn.concealed() == 0


def test_step_back_is_followed_by_shortening() -> None:
    mn = Listener()
    old, new = umts(), wifi()
    mn.send(range(200), {"umts": old})
    mn.send(range(200, 250), {"umts": old, "wifi": new})
    mn.send(range(250, 500), {"wifi": new})
    mn.listen()
    assert mn.concealed() == 0
    assert mn.played() == list(range(mn.played()[-1] + 1))
    assert mn.depth == pytest.approx(40, abs=1)
    assert min(e.duration for e in mn.events if isinstance(e, Played)) >= 0.0175 - 1e-9


def test_a_path_that_is_gone_is_forgotten() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5, "umts": 110})
    mn.send(range(100, 140), {"wifi": 1.5})
    mn.listen()
    assert list(mn.buffer.paths) == ["wifi", "umts"]
    assert mn.buffer.target == pytest.approx(0.1185)
    mn.send(range(140, 300), {"wifi": 1.5})
    mn.listen()
    assert list(mn.buffer.paths) == ["wifi"]
    assert not mn.buffer.covers("umts")
    assert mn.buffer.target == pytest.approx(0.040)


# --- outages ---------------------------------------------------------------------------------------------------------


def test_two_seconds_of_loss_leave_the_schedule_as_it_was() -> None:
    mn = Listener()
    mn.send([n for n in range(300) if not 100 <= n < 200], {"wifi": 1.5})
    mn.listen(until=6.0)
    assert mn.concealed() == pytest.approx(2000)
    assert mn.played() == [*range(100), *range(200, 298)]
    assert mn.depth == pytest.approx(40)


def test_outage_and_return_on_the_slower_path() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5})
    mn.send(range(200, 300), {"umts": 110})
    mn.listen()
    assert mn.concealed() == pytest.approx(2080), "2 s lost, and the step that nobody announced"
    assert mn.played()[100] == 200
    assert mn.depth == pytest.approx(120)


def test_a_queue_that_is_handed_out_after_an_outage_is_played_at_last_and_the_delay_worn_off() -> None:
    mn = Listener()
    mn.send(range(100), {"umts": 110})
    mn.send(range(100, 140), {"umts": lambda n: 2910 - 20 * n})  # all at 2.910 s
    mn.send(range(140, 900), {"umts": 110})
    mn.listen()
    assert mn.played()[:200] == list(range(200)), "0.8 s of queue is below max_depth: nothing is skipped"
    assert mn.concealed() == pytest.approx(780)
    assert mn.depth == pytest.approx(40, abs=1)


def test_speech_older_than_max_depth_is_skipped() -> None:
    mn = Listener()
    mn.send(range(100), {"umts": 110})
    mn.send(range(100, 200), {"umts": lambda n: 4115 - 20 * n})  # all at 4.115 s
    mn.send(range(200, 300), {"umts": 112})
    mn.listen()
    played = mn.played()
    skipped = [n for n in range(played[-1]) if n not in played]
    assert skipped == list(range(100, 150)), "200 came with them; the 51 packets from 150 on span one second"
    assert f"late 100 by {4115 - 2150:.1f} ms" in mn.chart()
    assert mn.depth == pytest.approx(1000, abs=30)


def test_a_path_slower_than_max_depth_is_taken_as_it_is() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1})
    mn.send(range(100, 400), {"gprs": 2002})
    mn.listen()
    # Not silence for ever, and not hole after hole in the attempt to come back to one second.
    assert mn.concealed() == pytest.approx(1980)
    assert mn.played() == list(range(mn.played()[-1] + 1))
    assert mn.buffer.covers("gprs")
    assert mn.depth == pytest.approx(60, abs=20), "relative to the fastest that is still of use"


def test_timestamps_that_stood_still_during_hold_do_not_silence_the_call() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1})
    mn.listen()
    for n in range(100, 200):
        mn.buffer.receive(n, 160 * n, path="wifi", now=10 + 0.020 * n, duplicate=False)
    mn.take_events()
    assert mn.played() == list(range(mn.played()[-1] + 1))
    assert mn.played()[-1] > 190


def test_without_packets_the_timer_goes_on() -> None:
    mn = Listener()
    mn.send(range(2), {"wifi": 0})
    mn.listen(until=1.0)
    assert mn.chart() == ["start at 40 ms", "play 0-1", "underrun (900 ms)"]
    assert mn.buffer.get_timer() in (pytest.approx(1.0), pytest.approx(1.020))


# --- streams ---------------------------------------------------------------------------------------------------------


def test_new_stream_is_joined_on_without_a_hole() -> None:
    mn = Listener()
    mn.send(range(50), {"wifi": 1.5})
    mn.listen()
    mn.buffer.reset()
    for n in range(50, 100):
        mn.buffer.receive(200_000 + n, 77_777 + 160 * n, path="wifi", now=0.020 * n + 0.0015, duplicate=False)
    mn.take_events()
    assert mn.chart() == ["start at 41.5 ms", "play 0-49", "play 200050-200096"]
    assert mn.depth == pytest.approx(40)


def test_new_stream_after_a_pause() -> None:
    mn = Listener()
    mn.send(range(50), {"wifi": 1.5})
    mn.listen()
    mn.buffer.reset()
    for n in range(60, 100):
        mn.buffer.receive(200_000 + n, 160 * (n - 60), path="wifi", now=0.020 * n + 0.0015, duplicate=False)
    mn.take_events()
    assert mn.concealed() == pytest.approx(200)
    assert mn.depth == pytest.approx(40)


@pytest.mark.parametrize("jump", [10**9, -(10**9), 8161])
def test_a_jump_of_the_timestamps_alone_is_a_new_stream_too(jump: int) -> None:
    mn = Listener()
    mn.send(range(50), {"wifi": 1.5})
    mn.listen()
    for n in range(50, 100):
        mn.buffer.receive(n, 160 * n + jump, path="wifi", now=0.020 * n + 0.0015, duplicate=False)
    mn.take_events()
    assert mn.chart() == ["start at 41.5 ms", "play 0-96"]


def test_stragglers_of_the_stream_before_still_play_if_it_is_their_turn() -> None:
    mn = Listener()
    mn.send([n for n in range(50) if n not in (20, 49)], {"wifi": 1.5})
    mn.listen()
    mn.buffer.reset()
    mn.buffer.receive(200_000, 5, path="wifi", now=1.0015, duplicate=False)
    mn.buffer.receive(20, 3200, path="umts", now=1.0018, duplicate=False)
    mn.buffer.receive(49, 49 * 160, path="umts", now=1.0019, duplicate=False)
    mn.buffer.handle_timer(now=1.050)
    mn.take_events()
    assert mn.chart() == [
        "start at 41.5 ms",
        "play 0-19",
        "lost 20 (20 ms)",
        "play 21-48",
        "late 20 by 560.3 ms",
        "play 49-49",
        "play 200000-200000",
    ]
    assert mn.buffer.paths == ("wifi",), "their delay says nothing about the new stream"


def test_numbers_that_contradict_their_timestamps_are_not_played_backwards() -> None:
    mn = Listener()
    mn.send(range(3), {"wifi": 0})
    mn.listen()
    mn.buffer.receive(1, 3 * 160, path="wifi", now=0.041, duplicate=False)
    mn.buffer.receive(4, 4 * 160, path="wifi", now=0.080, duplicate=False)
    mn.buffer.handle_timer(now=0.130)
    mn.take_events()
    assert mn.played() == [0, 1, 2, 4]


def test_stop_and_start_anew() -> None:
    mn = Listener()
    mn.send(range(10), {"wifi": 0})
    mn.listen(until=0.181)
    mn.buffer.stop()
    assert mn.buffer.get_timer() is None
    mn.send(range(100, 110), {"wifi": 0})
    mn.listen(until=2.181)
    assert mn.chart() == ["start at 40 ms", "play 0-7", "start at 2040 ms", "play 100-107"]


def test_the_first_packet_after_a_second_of_silence_is_no_probe() -> None:
    """Probes come beside a stream; this one is of the only stream that there is."""
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5})
    mn.send([n for n in range(50, 350) if not 250 < n < 300], {"umts": 111.5})
    mn.listen()
    assert mn.concealed() == pytest.approx(49 * 20.0)


# --- settings and events ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        PlayoutSettings(clock_rate=0),
        PlayoutSettings(interval=0.0),
        PlayoutSettings(interval=0.00001),
        PlayoutSettings(max_stretch=1.0),
        PlayoutSettings(hurried_stretch=1.0),
        PlayoutSettings(patience=-1.0),
        PlayoutSettings(min_depth=2.0),
        PlayoutSettings(initial_depth=-0.1),
        PlayoutSettings(margin=-0.001),
        PlayoutSettings(window=0),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: PlayoutSettings) -> None:
    with pytest.raises(ValueError, match=r"must|not from"):
        PlayoutBuffer(settings)


def test_depth_is_reported_when_it_has_moved() -> None:
    mn = Listener()
    mn.send(range(100), {"wifi": 1.5, "umts": 111.5})
    mn.listen()
    depths = [(round(e.depth, 4), round(e.target, 4)) for e in mn.events if isinstance(e, DepthChanged)]
    assert depths == [(d, 0.120) for d in (0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12)]
