"""FQ-CoDel: a turn for each flow, the new ones first, and a flow that fills the queue pays for it (RFC 8290)."""

from __future__ import annotations

from testbed.lab.links.frames import flow_of
from testbed.lab.links.queues.discipline import Waiting
from testbed.lab.links.queues.fq_codel import QUANTUM_BYTES, FqCoDel

from .framing import udp_frame

TARGET_S, INTERVAL_S = 0.005, 0.1
BULK, THIN = udp_frame(b"bulk", port=5000), udp_frame(b"thin", port=5002)


def queue(key: int = 1) -> FqCoDel:
    return FqCoDel(TARGET_S, INTERVAL_S, key)


def order(waiting: FqCoDel) -> list[bytes]:
    """In which order all that waits is sent."""
    sent = []
    while (packet := waiting.dequeue(0.0)) is not None:
        sent.append(packet.frame[-4:])
    return sent


def test_a_new_flow_is_before_all_that_waits() -> None:
    waiting = queue()
    for _ in range(10):
        waiting.enqueue(Waiting(0.0, 1000, BULK))
    # Two of them use up what a flow may send in its turn.
    assert [waiting.dequeue(0.0), waiting.dequeue(0.0)] == [Waiting(0.0, 1000, BULK)] * 2
    waiting.enqueue(Waiting(0.0, 200, THIN))
    assert order(waiting) == [b"thin", *[b"bulk"] * 8]


def test_flows_have_their_turns_in_bytes() -> None:
    waiting = queue()
    for _ in range(6):
        waiting.enqueue(Waiting(0.0, QUANTUM_BYTES, BULK))
        waiting.enqueue(Waiting(0.0, QUANTUM_BYTES // 2, THIN))
    assert order(waiting)[:9] == [b"bulk", b"thin", b"thin"] * 3


def test_a_flow_that_comes_again_and_again_is_no_new_one() -> None:
    """4.2: one that has been emptied waits for the others before it can be new again."""
    waiting = queue()
    for _ in range(10):
        waiting.enqueue(Waiting(0.0, QUANTUM_BYTES, BULK))
    sent = []
    for _ in range(6):
        waiting.enqueue(Waiting(0.0, QUANTUM_BYTES, THIN))
        packet = waiting.dequeue(0.0)
        assert packet is not None
        sent.append(packet.frame[-4:])
    assert sent.count(b"bulk") == 3


def test_what_does_not_fit_is_dropped_from_the_flow_that_has_most() -> None:
    waiting = queue()
    waiting.enqueue(Waiting(0.0, 200, THIN))
    for number in range(5):
        waiting.enqueue(Waiting(float(number), 1000, BULK))
    waiting.shed()
    assert (len(waiting), waiting.backlog) == (5, 4200)
    assert order(waiting).count(b"thin") == 1


def test_each_flow_has_a_codel_of_its_own() -> None:
    waiting, sent = queue(), 0
    for number in range(2000):
        now_s = number * 0.004
        # One flow waits for 20 ms, the other for nothing.
        while len(waiting) < 5:
            waiting.enqueue(Waiting(now_s - 0.02, 1000, BULK))
        waiting.enqueue(Waiting(now_s, 200, THIN))
        thin = waiting.dequeue(now_s)
        sent += thin is not None and thin.frame == THIN
        waiting.dequeue(now_s)
    assert sent > 900


def test_keys_hash_flows_to_other_queues() -> None:
    flows = [flow_of(udp_frame(b"", port=port)) for port in range(5000, 5400)]
    numbers = [[queue(key)._number(flow) for flow in flows] for key in (1, 2)]
    assert numbers[0] != numbers[1]
    # 400 of 1024, drawn at random, are some 331 different ones.
    assert all(300 < len(set(one)) < 360 for one in numbers)
    assert numbers[0] == [queue(1)._number(flow) for flow in flows]
