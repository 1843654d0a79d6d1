"""What passed a NAT counts with its address inside, on both sides; packets are made, and so is who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure.capture.capture import join
from testbed.measure.capture.errors import RunFolderError
from testbed.measure.capture.pcap import read_capture
from testbed.measure.wire.nat_places import NatPlace, read_nats
from testbed.measure.wire.packets import TransportAddress, decode_udp
from testbed.measure.wire.translated import NONE, Translations, find_translations
from tests.measure import frames
from tests.measure.frames import START_NS, Frame, ip_udp
from tests.measure.wire.pieces import fragments

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture

RAW = 101
MS = 1_000_000
INNER, GIVEN, OTHER = ("10.1.0.2", 20000), ("10.0.1.2", 40001), ("10.20.0.2", 30000)
SECOND = ("10.1.0.2", 20002)
NAT = NatPlace("wifi", "carrier", "gw-in", "gw-out", "10.0.1.2")
Ends = tuple[tuple[str, int], tuple[str, int]]
Seen = tuple[int, Ends, bytes]


def capture_of(folder: Path, **interfaces: list[Seen | tuple[int, bytes]]) -> Capture:
    """What was seen at each interface: milliseconds, ends, payload; or milliseconds and an IP packet."""
    parts = []
    for name, seen in interfaces.items():
        made = [Frame(START_NS + one[0] * MS, one[1] if len(one) == 2 else ip_udp(*one[1], one[2])) for one in seen]
        interface = name.replace("_", "-")
        parts.append((interface, read_capture(frames.write_pcap(folder / f"{interface}.pcap", made, linktype=RAW))))
    return join(folder, parts)


def translations(capture: Capture) -> Translations:
    return find_translations(capture, decode_udp(capture), [NAT])


def ends_of(capture: Capture, found: Translations) -> list[Ends]:
    """Source and destination of each datagram, as they are inside."""
    told = found.inside(capture, decode_udp(capture))
    pairs = zip(told.source.tolist(), told.destination.tolist(), strict=True)
    return [(tuple(told.endpoints[one]), tuple(told.endpoints[other])) for one, other in pairs]


def test_both_directions_have_the_address_inside(tmp_path: Path) -> None:
    both = capture_of(
        tmp_path,
        gw_in=[(0, (INNER, OTHER), b"there"), (21, (OTHER, INNER), b"back")],
        gw_out=[(1, (GIVEN, OTHER), b"there"), (20, (OTHER, GIVEN), b"back")],
    )
    found = translations(both)
    assert found.refused == {"wifi": 0}
    far = capture_of(
        tmp_path, cn=[(2, (GIVEN, OTHER), b"there"), (19, (OTHER, GIVEN), b"back"), (40, (GIVEN, OTHER), b"x")]
    )
    assert ends_of(far, found) == [(INNER, OTHER), (OTHER, INNER), (INNER, OTHER)]
    assert ends_of(both, found) == [(INNER, OTHER), (INNER, OTHER), (OTHER, INNER), (OTHER, INNER)]


def test_a_port_that_was_forgotten_is_another_one_s_afterwards(tmp_path: Path) -> None:
    found = translations(
        capture_of(
            tmp_path,
            gw_in=[(0, (INNER, OTHER), b"one"), (50_000, (SECOND, OTHER), b"two")],
            gw_out=[(1, (GIVEN, OTHER), b"one"), (50_001, (GIVEN, OTHER), b"two")],
        )
    )
    far = capture_of(
        tmp_path, cn=[(5, (GIVEN, OTHER), b"a"), (49_000, (GIVEN, OTHER), b"b"), (50_003, (GIVEN, OTHER), b"c")]
    )
    assert ends_of(far, found) == [(INNER, OTHER), (INNER, OTHER), (SECOND, OTHER)]


def test_the_same_bytes_to_two_others_are_two_conversations(tmp_path: Path) -> None:
    """As copies are: and a NAT gives each another port."""
    elsewhere, given = ("10.20.0.2", 30002), ("10.0.1.2", 40002)
    both = capture_of(
        tmp_path,
        gw_in=[(0, (INNER, OTHER), b"copy"), (0, (SECOND, elsewhere), b"copy")],
        gw_out=[(1, (GIVEN, OTHER), b"copy"), (1, (given, elsewhere), b"copy")],
    )
    assert ends_of(both, translations(both))[2:] == [(INNER, OTHER), (SECOND, elsewhere)]


def test_what_is_sent_again_is_paired_with_the_nearest(tmp_path: Path) -> None:
    both = capture_of(
        tmp_path,
        gw_in=[(0, (INNER, OTHER), b"again"), (500, (SECOND, OTHER), b"again")],
        gw_out=[(1, (GIVEN, OTHER), b"again"), (501, (GIVEN, OTHER), b"again")],
    )
    assert ends_of(both, translations(both)) == [(INNER, OTHER), (INNER, OTHER), (SECOND, OTHER), (SECOND, OTHER)]


def test_what_was_not_let_in_keeps_its_address_and_is_counted(tmp_path: Path) -> None:
    both = capture_of(
        tmp_path,
        gw_in=[(0, (INNER, OTHER), b"there")],
        gw_out=[
            (1, (GIVEN, OTHER), b"there"),
            (2, (("10.20.0.9", 9), GIVEN), b"stranger"),
            (3, (OTHER, ("10.0.1.2", 1)), b"x"),
        ],
    )
    found = translations(both)
    assert found.refused == {"wifi": 2}
    assert (("10.20.0.9", 9), GIVEN) in ends_of(both, found)


def test_a_datagram_in_fragments_is_put_back_too(tmp_path: Path) -> None:
    said = bytes(range(256)) * 8
    both = capture_of(
        tmp_path,
        gw_in=[(0, one) for one in fragments((INNER, OTHER), said, [120])],
        gw_out=[(1, one) for one in fragments((GIVEN, OTHER), said, [120])],
    )
    found = translations(both)
    told = found.inside(both, decode_udp(both))
    assert told.rebuilt is not None
    within = told.rebuilt[1]
    assert {within.endpoints[one] for one in within.source.tolist()} == {TransportAddress(*INNER)}


def test_without_a_nat_nothing_is_changed(tmp_path: Path) -> None:
    capture = capture_of(tmp_path, cn=[(5, (GIVEN, OTHER), b"a")])
    assert ends_of(capture, NONE) == [(GIVEN, OTHER)]


@pytest.mark.parametrize("said", [[], {"wifi": 1}, {"wifi": {"kind": "carrier", "inside": "a", "outside": "b"}}])
def test_a_manifest_that_says_nothing_of_a_nat_is_told(tmp_path: Path, said: object) -> None:
    with pytest.raises(RunFolderError, match=r"nats is .*and should have kind, inside, outside, address by link"):
        read_nats(tmp_path, {"nats": said})
    assert read_nats(tmp_path, {}) == ()
    whole = {name: getattr(NAT, name) for name in ("kind", "inside", "outside", "address")}
    assert read_nats(tmp_path, {"nats": {"wifi": whole}}) == (NAT,)
