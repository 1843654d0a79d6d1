"""When a stream has fallen silent."""

from random import Random

import pytest

from agents.rtp.silence import HANDED_OVER_S, LEAST_PACKETS, MEMORY_S, SilenceWatch


def is_noticed(watch: SilenceWatch, *, now: float) -> bool:
    """As its owner asks: a second time once all that has come is handed over."""
    return watch.handle_timer(now=now) or watch.handle_timer(now=now + HANDED_OVER_S)


def stream(watch: SilenceWatch, *, since: float, packets: int = 50) -> float:
    """A packet each 20 ms; when the last one came."""
    for number in range(packets):
        watch.heard(now=since + number * 0.02)
    return since + (packets - 1) * 0.02


def test_nothing_for_three_intervals_is_a_silence() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    timer = watch.get_timer()
    assert timer == pytest.approx(last + 0.060)
    assert not is_noticed(watch, now=last + 0.059)
    assert is_noticed(watch, now=timer or 0.0)
    assert watch.is_silent
    assert watch.get_timer() is None
    assert not is_noticed(watch, now=last + 1.0), "it is news once"


def test_a_few_packets_are_no_stream_yet() -> None:
    watch = SilenceWatch()
    stream(watch, since=1.0, packets=LEAST_PACKETS - 1)
    assert watch.get_timer() is None


def test_probes_are_no_stream() -> None:
    watch = SilenceWatch()
    for number in range(100):
        watch.heard(now=number * 0.5)
    assert watch.get_timer() is None
    assert not watch.is_silent


def test_who_was_silent_and_came_back_has_to_be_silent_for_longer_the_next_time() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    is_noticed(watch, now=last + 0.06)
    last = stream(watch, since=last + 0.1)
    assert not watch.is_silent
    assert watch.limit_s == pytest.approx(0.12)
    assert watch.get_timer() == pytest.approx(last + 0.12)


def test_a_pause_is_forgotten_after_a_while() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    last = stream(watch, since=last + 0.1, packets=round(MEMORY_S / 0.02) + 2)
    # The one that is remembered now is of no importance.
    watch.heard(now=last + 0.03)
    assert watch.limit_s == pytest.approx(0.06)
    assert watch.unusual_s == pytest.approx(0.12), "but not by who would leave"


def test_a_burst_that_comes_late_makes_no_silence_afterwards() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    for number in range(5):  # what was held up for 100 ms comes at once, and the next one in its own time
        watch.heard(now=last + 0.1 + number * 0.001)
    assert not is_noticed(watch, now=last + 0.12)
    assert not watch.is_silent


@pytest.mark.parametrize("break_s", [0.21, 0.4, 3.0])
def test_a_break_is_no_reason_for_patience_with_the_next_one(break_s: float) -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    assert is_noticed(watch, now=last + 0.06)
    last = stream(watch, since=last + break_s)
    assert watch.get_timer() == pytest.approx(last + 0.06)


def test_comfort_noise_and_hold_are_no_silence() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    watch.pause()
    assert watch.get_timer() is None
    assert not is_noticed(watch, now=last + 10.0)
    last = stream(watch, since=last + 10.0)
    assert watch.get_timer() == pytest.approx(last + 0.06)


def test_what_lay_in_a_socket_is_no_silence() -> None:
    watch = SilenceWatch()
    last = stream(watch, since=1.0)
    assert not watch.handle_timer(now=last + 0.06)
    assert watch.get_timer() == pytest.approx(last + 0.061), "it asks to be asked again"
    watch.heard(now=last + 0.059)
    assert not watch.handle_timer(now=last + 0.061)
    assert not watch.handle_timer(now=last + 0.061)
    assert not watch.is_silent


def test_random_losses_alarm_seldom() -> None:
    """One in twenty lost, for an hour: each length of pause alarms about once a minute at the most."""
    random = Random(1)
    watch = SilenceWatch()
    alarms = 0
    for number in range(180_000):
        now = number * 0.02
        alarms += is_noticed(watch, now=now)
        if random.random() >= 0.05:
            watch.heard(now=now)
    assert 0 < alarms < 120


def test_a_good_wifi_alarms_now_and_then_and_is_hardly_ever_left() -> None:
    """An hour of `wifi-good`: bad moments of 30 ms on average, 120 of them an hour; 1 ms of jitter."""
    random, watch = Random(1), SilenceWatch()
    bad_from = random.expovariate(1 / 30)
    bad_until, news, left = 0.0, 0, 0
    for number in range(180_000):
        sent = number * 0.02
        while bad_from <= sent:
            bad_until = bad_from + random.expovariate(1 / 0.030)
            bad_from = bad_until + random.expovariate(1 / 30)
        if sent < bad_until:
            continue
        came = sent + random.uniform(0.0005, 0.0025)
        pause_s = came - (watch.heard_at or came)
        left += watch.is_stream and pause_s > watch.unusual_s
        news += is_noticed(watch, now=came - 0.0005)
        watch.heard(now=came)
    assert 5 < news < 40
    assert 0 < left < 6
