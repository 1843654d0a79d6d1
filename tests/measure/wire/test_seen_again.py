"""Linux shows what it takes out of IPsec once more, at the interface that it came by: nothing has come twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure import measure_capture
from testbed.measure.wire.seen_again import AGAIN
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.headers.wrapping import esp, ethernet, ip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

A, B = ("192.0.2.10", 40000), ("198.51.100.20", 50000)
COUNT = 20
IPV4, ESP, IP_IN_IP = 0x0800, 50, 4
US = 1000


def tunnelled(packet: bytes) -> bytes:
    return ethernet(IPV4, ip(ESP, esp(IP_IN_IP, packet)))


def plain(packet: bytes) -> bytes:
    return ethernet(IPV4, packet)


def speech(number: int) -> bytes:
    return frames.ip_udp(A, B, frames.rtp(number))


def measured(tmp_path: Path, made: Sequence[tuple[int, str, bytes]]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the one stream and what was no datagram, of packets as (time, interface, bytes)."""
    names = ["one", "other"]
    seen = [Frame(START_NS + at_ns, data, names.index(name)) for at_ns, name, data in sorted(made)]
    result = measure_capture(frames.write_pcapng(tmp_path / "a.pcapng", names, seen))
    (stream,) = result["streams"]
    return stream, result["skipped"]


def test_what_was_in_ipsec_and_is_seen_again_came_once(tmp_path: Path) -> None:
    made = []
    for n in range(COUNT):
        at = n * 20 * MS
        made += [(at, "one", tunnelled(speech(n))), (at + 3 * US, "one", plain(speech(n)))]
    stream, skipped = measured(tmp_path, made)
    assert (stream["packets"], stream["duplicates"], stream["lost"]) == (COUNT, 0, 0)
    assert skipped == {AGAIN: COUNT}


def test_what_a_gateway_sends_on_by_the_same_interface_is_there(tmp_path: Path) -> None:
    """In ESP, seen again, sent on: the third is another packet."""
    made = []
    for n in range(COUNT):
        at = n * 20 * MS
        made += [(at, "one", tunnelled(speech(n)))]
        made += [(at + step * US, "one", plain(speech(n))) for step in (3, 6)]
    stream, skipped = measured(tmp_path, made)
    assert (stream["packets"], stream["duplicates"], skipped) == (COUNT, 0, {AGAIN: COUNT})


def test_a_copy_that_comes_by_itself_counts(tmp_path: Path) -> None:
    """Later than a kernel takes, or at another interface."""
    made = []
    for n in range(COUNT):
        at = n * 20 * MS
        made += [(at, "one", tunnelled(speech(n))), (at + 5 * MS, "one", plain(speech(n)))]
    stream, skipped = measured(tmp_path, made)
    assert (stream["packets"], stream["lost"], skipped) == (COUNT, 0, {})


def test_what_goes_into_ipsec_was_seen_before_and_not_again(tmp_path: Path) -> None:
    """A gateway takes it in plain, and sends it on in ESP by the same interface: both are there."""
    made = []
    for n in range(COUNT):
        at = n * 20 * MS
        made += [(at, "one", plain(speech(n))), (at + 3 * US, "one", tunnelled(speech(n)))]
    stream, skipped = measured(tmp_path, made)
    assert (stream["packets"], stream["lost"], skipped) == (COUNT, 0, {})


def test_who_only_sends_again_what_went_before_is_not_forgiven_twice(tmp_path: Path) -> None:
    """One packet in ESP stands for one look at it."""
    made = [(n * 20 * MS, "one", tunnelled(speech(n))) for n in range(COUNT)]
    made += [(3 * US + step, "one", plain(speech(0))) for step in range(5)]
    stream, skipped = measured(tmp_path, made)
    assert (stream["duplicates"], skipped) == (4, {AGAIN: 1})
