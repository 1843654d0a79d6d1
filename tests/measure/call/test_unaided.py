"""Handovers of a mobile node that says nothing of them, from what it sends over which link."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from testbed.measure.call.direction import Direction, Sightings
from testbed.measure.call.unaided import seen_triggers, untold_handover
from testbed.measure.folder.run_folder import Manifest, NodePorts

if TYPE_CHECKING:
    from testbed.measure.call.handover import Handover

MS = 1_000_000
MN = NodePorts({"wifi": "mn-wifi", "umts": "mn-umts"}, {"10.1.0.2": "wifi", "10.2.0.2": "umts"})
WIFI, UMTS, NOWHERE = 0, 1, -1


def manifest(mobile: str | None = "phone") -> Manifest:
    return Manifest(None, None, None, None, (), 20 * MS, MN, NodePorts({}, {}), None, mobile)


def sent(*packets: tuple[int, int]) -> Direction:
    """Packets of the MN: (milliseconds, path)."""
    times, paths = (np.array(column, dtype=np.int64) for column in zip(*packets, strict=True))
    nothing = np.zeros(len(packets), dtype=np.int64)
    packed = Sightings(times * MS, np.arange(len(packets)), paths, nothing, nothing, nothing)
    return Direction(MN_LINKS, packed, packed, len(packets), 8000, observed=True, onto=packed, off=packed)


MN_LINKS = ("wifi", "umts")


def seen(*packets: tuple[int, int], mobile: str | None = "phone") -> list[tuple[float, str, str]]:
    found = seen_triggers(manifest(mobile), [], sent(*packets))
    return [(one.time_ns / MS, one.fields["link"], one.fields["new"]) for one in found]


def test_speech_over_another_link_is_a_handover() -> None:
    assert seen((0, WIFI), (20, WIFI), (3000, UMTS), (3020, UMTS)) == [(3000, "wifi", "umts")]


def test_there_and_back_are_two() -> None:
    assert seen((0, WIFI), (3000, UMTS), (6000, WIFI)) == [(3000, "wifi", "umts"), (6000, "umts", "wifi")]


def test_speech_over_both_at_once_is_one_and_not_one_for_each_packet() -> None:
    both = [(3000 + 10 * number, (WIFI, UMTS)[number % 2]) for number in range(100)]
    assert seen((2980, WIFI), *both) == [(3010, "wifi", "umts")]


def test_who_stays_hands_nothing_over_and_it_is_said() -> None:
    assert seen((0, WIFI), (10, NOWHERE), (20, WIFI)) == []
    assert untold_handover(manifest(), []) == [
        "phone handed nothing over: all that it sent of the call went over one link"
    ]
    assert untold_handover(manifest(), [cast("Handover", object())]) == []


def test_our_own_mobile_node_says_itself_when_it_hands_over() -> None:
    assert seen((0, WIFI), (3000, UMTS), mobile=None) == []
    assert untold_handover(manifest(None), []) == ["no handover took place: nothing triggered one"]
