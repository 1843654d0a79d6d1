"""What probes tell: a link that does what its profile says is within the bounds, one that doesn't is not."""

from __future__ import annotations

import numpy as np
import pytest

from testbed.lab.links.draws import Draws
from testbed.scenario.kinds.profile import LinkDirection
from testbed.scenario.links.bad_moments import bad_moments
from testbed.selftest.bounds import (
    BoundsRow,
    Probes,
    damage_rows,
    delay_rows,
    duplicate_rows,
    loss_rows,
    rate_row,
    run_lengths,
    thin_row,
    wait_row,
)
from testbed.selftest.probing import stages, thin_stage

UMTS = LinkDirection.model_validate(
    {"rate": "128 kbit/s", "delay": "110 ms", "jitter": "20 ms", "loss": "5 %", "loss_burst": "80 ms",
     "queue": "100 packets"}
)  # fmt: skip
MS = 1_000_000
NONE = np.empty(0, dtype=np.int64)


def rows(*quantities: tuple[str, float, float, float]) -> dict[str, bool]:
    return {name: BoundsRow("p", "up", name, *numbers).is_within for name, *numbers in quantities}


def seen(sent: np.ndarray, arrived: np.ndarray) -> Probes:
    """Probes that arrive once, or not at all."""
    return Probes(sent, arrived, (arrived >= 0).astype(np.int64), NONE)


def probes(delays_ms: np.ndarray) -> Probes:
    sent = np.arange(len(delays_ms), dtype=np.int64) * 100 * MS
    return seen(sent, sent + (delays_ms * MS).astype(np.int64))


@pytest.mark.parametrize(("shift_ms", "jitter_ms", "within"), [(0, 20, True), (6, 20, False), (0, 10, False)])
def test_delay_and_its_deviation(shift_ms: float, jitter_ms: float, within: bool) -> None:
    rng = np.random.default_rng(1)
    delays = 110 + 12.5 + shift_ms + rng.uniform(-jitter_ms, jitter_ms, 300)
    assert all(rows(*delay_rows(UMTS, probes(delays), 0.1)).values()) is within


@pytest.mark.parametrize(("lasts_s", "within"), [(0.2, True), (0.05, False)])
def test_jitter_that_lasts_is_as_often_the_same_as_it_should_be(lasts_s: float, within: bool) -> None:
    lasting = UMTS.model_copy(update={"jitter_correlation": 0.2})
    draws = Draws(1, lasts_s)
    delays = np.array([122.5 + 40 * draws.value(number * 0.1) - 20 for number in range(300)])
    assert rows(*delay_rows(lasting, probes(delays), 0.1))["correlation of jitter, %"] is within


@pytest.mark.parametrize(("share", "within"), [(0.05, True), (0.08, False)])
def test_bit_errors_are_counted_and_what_has_one_is_lost(share: float, within: bool) -> None:
    damaging = UMTS.model_copy(update={"loss": 0.0, "corrupt": 0.05})
    sent = np.arange(10_000, dtype=np.int64)
    is_damaged = np.random.default_rng(1).random(10_000) < share
    found = Probes(sent, np.where(is_damaged, -1, sent), (~is_damaged).astype(np.int64), sent[is_damaged])
    assert rows(*damage_rows(damaging, found)) == {"bit errors, %": within}
    assert rows(*loss_rows(damaging, found, APART_S)) == {"loss, %": within}


def managed(aqm: str) -> LinkDirection:
    settings = {"rate": "1 Mbit/s", "delay": "20 ms", "queue": "500 packets", "aqm": aqm}
    return LinkDirection.model_validate(settings)


@pytest.mark.parametrize(("aqm", "wait_ms", "within"), [
    ("codel", (11, 17), True), ("codel", (24, 40), False), ("fq_codel", (11, 17), True),
    ("pie", (14, 36), True), ("pie", (25, 60), False),
])  # fmt: skip
def test_what_stands_in_a_queue_is_its_target_or_what_it_spares(
    aqm: str, wait_ms: tuple[float, float], within: bool
) -> None:
    """At 1 Mbit/s the 1500 bytes that CoDel spares take 12 ms, and the 3000 of PIE 24 ms; a packet takes 8 ms."""
    direction = managed(aqm)
    order = direction.managed_by
    assert order is not None
    waits = np.random.default_rng(1).uniform(*wait_ms, 2000)
    assert list(rows(wait_row(direction, order, probes(28 + waits))).values()) == [within]


@pytest.mark.parametrize(("wait_ms", "within"), [((0, 8), True), ((8, 16), False)])
def test_a_thin_flow_waits_for_one_packet_at_most(wait_ms: tuple[float, float], within: bool) -> None:
    waits = np.random.default_rng(1).uniform(*wait_ms, 100)
    assert list(rows(thin_row(managed("fq_codel"), probes(20.384 + waits))).values()) == [within]


def test_only_queues_with_flows_have_a_thin_one_and_none_is_overloaded_for_ever() -> None:
    planned = {aqm: stages(managed(aqm)) for aqm in ("codel", "fq_codel", "pie")}
    assert [aqm for aqm, some in planned.items() if thin_stage(managed(aqm), some) is not None] == ["fq_codel"]
    slow = managed("pie").model_copy(update={"rate": 9_600.0})
    assert not any(one.tells == "wait" for one in stages(slow))


def test_a_rate_is_what_damaged_packets_took_too() -> None:
    arrived = np.array([0, 62.5, 125, 250, 312.5]) * MS + 500 * MS
    damaged = np.array([187.5]) * MS + 500 * MS
    sent = np.zeros(5, dtype=np.int64)
    train = Probes(sent, arrived.astype(np.int64), np.ones(5, dtype=np.int64), damaged.astype(np.int64))
    steady = UMTS.model_copy(update={"jitter": 0.0})
    _, configured, measured, _ = rate_row(steady, [train])
    assert measured == pytest.approx(configured)


@pytest.mark.parametrize(("share", "within"), [(0.05, True), (0.08, False)])
def test_duplicates_are_counted(share: float, within: bool) -> None:
    twofold = UMTS.model_copy(update={"duplicate": 0.05})
    sent = np.arange(10_000, dtype=np.int64)
    copies = 1 + (np.random.default_rng(1).random(10_000) < share)
    assert rows(*duplicate_rows(twofold, Probes(sent, sent, copies, NONE))) == {"duplicates, %": within}


def test_where_packets_overtake_the_rate_is_the_slope() -> None:
    rng = np.random.default_rng(1)
    overtaking = UMTS.model_copy(update={"reordering": True})
    for spacing, within in ((62.5, True), (64.5, False)):
        trains = [
            seen(
                np.zeros(200, dtype=np.int64), ((np.arange(200) * spacing + rng.uniform(90, 130, 200)) * MS).astype(int)
            )
            for _ in range(3)
        ]
        assert rows(rate_row(overtaking, trains)) == {"rate, kbit/s": within}


def test_rate_is_that_of_the_part_of_a_train_that_waits() -> None:
    # 62.5 ms for 1000 bytes: jitter of 20 ms can show in the first one alone.
    spacing = np.array([0, 80, *[62.5] * 20]).cumsum()
    sent = np.zeros(len(spacing), dtype=np.int64)
    train = seen(sent, (spacing * MS).astype(np.int64))
    _, configured, measured, _ = rate_row(UMTS, [train, train])
    assert measured == pytest.approx(configured)
    slow = seen(sent, (spacing * 1.02 * MS).astype(np.int64))
    assert rows(rate_row(UMTS, [slow])) == {"rate, kbit/s": False}


PROBES, APART_S = 40_000, 0.02


def test_a_rate_is_not_that_of_a_sender_that_is_slower() -> None:
    """Ten at once, which wait, and then one each 100 ms, which do not."""
    sent = np.array([0.0] * 10 + [1000 + 100 * number for number in range(10)])
    arrived = np.array(
        [110 + 62.5 * (number + 1) for number in range(10)] + [1172.5 + 100 * number for number in range(10)]
    )
    steady = UMTS.model_copy(update={"jitter": 0.0})
    _, configured, measured, _ = rate_row(steady, [seen(*((one * MS).astype(np.int64) for one in (sent, arrived)))])
    assert measured == pytest.approx(configured)


def lost_in_bad_moments(loss: float, burst_s: float) -> np.ndarray:
    """Which probes are lost that come so far apart."""
    sent_s = np.arange(PROBES) * APART_S
    moments = bad_moments("2", [(0.0, loss, burst_s)], PROBES * APART_S)
    lost = np.zeros(PROBES, dtype=bool)
    for start_s, end_s in moments:
        lost |= (sent_s >= start_s) & (sent_s < end_s)
    return lost


@pytest.mark.parametrize(
    ("loss", "burst_s", "within"),
    [(0.05, 0.08, (True, True)), (0.02, 0.08, (False, True)), (0.05, 0.02, (True, False))],
)
def test_loss_and_its_bursts(loss: float, burst_s: float, within: tuple[bool, bool]) -> None:
    sent = np.arange(PROBES, dtype=np.int64)
    probes = seen(sent, np.where(lost_in_bad_moments(loss, burst_s), -1, sent))
    found = rows(*loss_rows(UMTS, probes, APART_S))
    assert tuple(found.values()) == within


def test_nothing_may_be_lost_where_the_profile_has_no_loss() -> None:
    clean = UMTS.model_copy(update={"loss": 0.0})
    sent = np.arange(1000, dtype=np.int64)
    assert rows(*loss_rows(clean, seen(sent, sent), APART_S)) == {"loss, %": True}
    assert rows(*loss_rows(clean, seen(sent, np.where(sent == 7, -1, sent)), APART_S)) == {"loss, %": False}


def test_runs_of_losses() -> None:
    marks = np.array([mark == "x" for mark in "x..xx.xxx"])
    assert run_lengths(marks).tolist() == [1, 2, 3]


def test_trains_fit_into_the_queue() -> None:
    for direction in (UMTS, UMTS.model_copy(update={"rate": 9_600.0})):
        for stage in stages(direction):
            if stage.tells == "rate":
                assert 10 < stage.probes < direction.queue_packets
