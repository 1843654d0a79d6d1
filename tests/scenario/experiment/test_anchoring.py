"""What a scheme that keeps the mobile node's address refuses, with file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.anchoring import free_home_address
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import SCENARIO, TOPOLOGY

if TYPE_CHECKING:
    from pathlib import Path

MULTIHOMED = TOPOLOGY.find("multihomed")


def test_the_home_address_is_the_last_one_that_nobody_has() -> None:
    assert free_home_address(load_topology(MULTIHOMED)) == "10.10.0.254"


@pytest.mark.parametrize(("prefix", "address"), [("24", "10.10.0.254"), ("29", "10.10.0.6"), ("30", None)])
def test_a_home_network_without_room_is_refused(tmp_path: Path, prefix: str, address: str | None) -> None:
    text = MULTIHOMED.read_text().replace("10.10.0.1/24", f"10.10.0.1/{prefix}")
    topology = tmp_path / "narrow.py"
    topology.write_text(text.replace("10.10.0.2/24", f"10.10.0.2/{prefix}"))
    assert free_home_address(load_topology(topology)) == address
    scenario = tmp_path / "narrow.yaml"
    scenario.write_text(SCENARIO.find("wifi-to-umts").read_text().replace("multihomed", "./narrow.py"))
    if address is None:
        with pytest.raises(BadScenarioError, match=r"narrow.yaml:\d+: topology: the network of 'home' has no address"):
            load_experiment(str(scenario), scheme="mipv4")
    else:
        assert load_experiment(str(scenario), scheme="mipv4").row.is_anchored


def test_another_version_of_ip_is_refused() -> None:
    with pytest.raises(BadScenarioError, match=r"over-ipv6.yaml:\d+: ip: mipv4 keeps an address of IPv4"):
        load_experiment("over-ipv6", scheme="mipv4")


@pytest.mark.parametrize("trigger", ["silence", "quality"])
def test_triggers_that_hear_the_call_are_refused(trigger: str) -> None:
    scenario = load_experiment("triggers").scenario
    named = next(name for name, one in scenario.triggers.items() if one.on == trigger)
    with pytest.raises(BadScenarioError, match=rf"{trigger}: mipv4-bicast is done below the call, and can't hear it"):
        load_experiment("triggers", scheme="mipv4-bicast", trigger=named)


def test_triggers_that_hear_links_are_not() -> None:
    assert load_experiment("triggers", scheme="mipv4", trigger="link-down").scheme == "mipv4"
