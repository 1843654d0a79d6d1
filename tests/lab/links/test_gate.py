"""What a program that carries a link tells of its being late."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testbed.lab.links.gate import GatedAir
from testbed.runner import late_links

if TYPE_CHECKING:
    import pytest

    from testbed.lab.plan import Plan


def test_who_is_late_says_so_once_time_counts_and_whenever_it_is_later(capsys: pytest.CaptureFixture[str]) -> None:
    air = GatedAir.__new__(GatedAir)  # without sockets
    air._late_s = None
    air._tell_late(1.0)
    air._late_s = 0.0  # scenario time has begun
    for late_s in (0.00009, 0.0021, 0.0021, 0.00215, 0.0005, 0.0022002):
        air._tell_late(late_s)
    told = [json.loads(line)["late_s"] for line in capsys.readouterr().out.splitlines()]
    assert told == [0.0021, 0.0022]


def test_the_worst_of_each_link_is_a_warning_whatever_the_engine() -> None:
    plan: Plan = {"gates": [{"air": "wifi-air"}, {"air": "umts-air"}]}  # type: ignore[typeddict-item]
    said = late_links(plan, {"mn": 1.0, "wifi-air": 0.0022})
    assert said == ["packets left wifi-air up to 2.2 ms too late: this machine is too slow for what passes there"]
