"""Traffic beside the call at both of its ends: packets are made, so that what was lost or came late is known."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.wire.flow_packets import SeenFlow, seen_flow, segments_of
from testbed.measure.wire.flow_places import FlowPlace, read_flows
from tests.measure.frames import ip_udp

from .pieces import SYN, segment
from .test_translated import MS, capture_of

if TYPE_CHECKING:
    from pathlib import Path

SERVER, CLIENT, CONTROL = ("10.20.0.2", 5201), ("10.2.0.2", 40001), ("10.2.0.2", 40000)
TCP = FlowPlace("cn", "mn", "umts", "tcp", "cubic", 10.0, 5201, is_from_port=True, sent_at="cn", received_at="mn")
UDP = TCP._replace(kind="udp", congestion=None)
Packets = list[tuple[int, bytes]]
# The agreement between the two ends comes first, by a connection of its own.
AGREED = [
    (0, segment((CONTROL, SERVER), 0, b"", flags=SYN)),
    (1, segment((CONTROL, SERVER), 1, b"cookie")),
    (2, segment((SERVER, CONTROL), 1, b"settings")),
]


def data(at_ms: int, first: int, size: int = 100, *, to: tuple[str, int] = CLIENT) -> tuple[int, bytes]:
    return at_ms, segment((SERVER, to), first, bytes(size))


def seen(folder: Path, sent: Packets, received: Packets, flow: FlowPlace = TCP) -> SeenFlow:
    return seen_flow(capture_of(folder, cn=[*sent]), capture_of(folder, mn=[*received]), flow)


def test_tcp_counts_bytes_once_and_what_was_sent_again(tmp_path: Path) -> None:
    first = 2**32 - 150  # the numbers wrap in the second packet
    sent = [*AGREED, *(data(at, first + 100 * turn) for turn, at in enumerate((10, 20, 30, 40)))]
    sent += [data(60, first + 100), data(90, first + 100)]  # the second one again, twice
    received = [
        *AGREED,
        data(15, first),
        data(37, first + 200),
        data(45, first + 300),
        data(95, first + 100),
        data(99, first + 100),
    ]
    found = seen(tmp_path, sent, received)
    assert (len(found.sent), found.sent.again.tolist()) == (6, [False] * 4 + [True] * 2)
    assert (found.lost, found.received.different_bytes) == (1, 400)
    assert found.received.until(found.received.time_ns[3]).different_bytes == 300
    # Of what was sent three times nobody knows which one came.
    assert found.delay_ns.tolist() == [5 * MS, 7 * MS, 5 * MS]


def test_the_other_end_may_be_behind_a_nat(tmp_path: Path) -> None:
    outside = ("10.0.2.2", 61234)
    found = seen(tmp_path, [*AGREED, data(10, 1, to=outside)], [*AGREED, data(17, 1)])
    assert (found.lost, found.delay_ns.tolist()) == (0, [7 * MS])


def test_acknowledgements_and_the_agreement_are_no_data(tmp_path: Path) -> None:
    answered = [(12, segment((CLIENT, SERVER), 1, b"")), (13, segment((SERVER, CONTROL), 9, b"results"))]
    found = seen(tmp_path, [*AGREED, *answered], [*AGREED, *answered])
    assert (len(found.sent), len(found.received), found.received.different_bytes) == (0, 0, 0)
    assert found.lost == len(found.delay_ns) == 0
    # Of what is not SIP these are known.
    assert segments_of(capture_of(tmp_path, mn=[*AGREED, *answered, data(20, 1)]), [TCP]) == 4
    assert segments_of(capture_of(tmp_path, mn=[data(20, 1)]), []) == 0


def datagram(at_ms: int, number: int, second: int = 0) -> tuple[int, bytes]:
    label = struct.pack(">III", 1767225600 + second, 5, number)
    return at_ms, ip_udp(SERVER, CLIENT, label + bytes(84))


def test_udp_is_matched_by_what_iperf3_writes_into_it(tmp_path: Path) -> None:
    greeting = (0, ip_udp(SERVER, CLIENT, b"6789"))
    sent = [greeting, datagram(10, 1), datagram(20, 2), datagram(30, 3), datagram(3000, 1, second=3)]
    received = [greeting, datagram(15, 1), datagram(39, 3), datagram(3004, 1, second=3)]
    found = seen(tmp_path, sent, received, UDP)
    assert (len(found.sent), found.lost, found.received.different_bytes) == (4, 1, 288)
    assert found.delay_ns.tolist() == [5 * MS, 9 * MS, 4 * MS]


def test_a_manifest_that_says_nothing_of_a_flow_is_told(tmp_path: Path) -> None:
    said = {
        "from": "cn", "to": "mn", "link": "umts", "kind": "tcp", "congestion": "cubic", "rate_bit_s": None,
        "start_s": 5.0, "for_s": 10.0, "port": 5201, "is_from_port": True, "sent_at": "cn", "received_at": "mn",
    }  # fmt: skip
    assert read_flows(tmp_path, {"traffic": [said]}) == (TCP,)
    assert read_flows(tmp_path, {}) == ()
    mistakes: list[Any] = [[{**said, "port": "x"}], [{}], 7, [7]]
    for wrong in mistakes:
        with pytest.raises(RunFolderError, match="traffic says nothing of a flow"):
            read_flows(tmp_path, {"traffic": wrong})
