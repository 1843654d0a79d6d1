"""Nodes that are far: which can be, and what becomes of their wire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from testbed.lab.network import Interface, Network, Node, Wire, network_from
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.far_nodes import far_wrong, nodes_with_one_wire
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.places import SCENARIO, TOPOLOGY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def network() -> Network:
    return load_topology(TOPOLOGY.find("multihomed"))


def test_who_can_be_far(network: Network) -> None:
    assert {node: {one.a.name, one.b.name} for node, one in nodes_with_one_wire(network).items()} == {
        "home": {"core-home", "home-eth0"}, "cn": {"core-cn", "cn-eth0"},
    }  # fmt: skip


def test_one_wire_has_one_delay(network: Network) -> None:
    straight = Wire(Interface("home", "home-cn", "10.30.0.1/30"), Interface("cn", "cn-home", "10.30.0.2/30"))
    others = tuple(one for one in network.wires if not {one.a.node, one.b.node} & {"home", "cn"})
    wrong = [*far_wrong(replace(network, wires=(*others, straight)), ["home", "cn"])]
    assert wrong == [("cn", "has the same wire as home; say it of one of them")]


def test_a_bridge_has_a_name_of_its_own(network: Network) -> None:
    others = (*network.nodes, Node("home-wire"))
    (wrong,) = far_wrong(replace(network, nodes=others), ["home"])
    assert wrong == (
        "home",
        "its wire's bridge would be called 'home-wire', as a node is; call that node something else",
    )


def test_the_wire_becomes_a_bridge_between_two_and_nobody_else_has_another_address(network: Network) -> None:
    far = replace(network, far=("home",))
    (wire,) = far.far_wires
    assert [(one.a.name, one.b.name) for one in wire.wires] == [("core-home", "wire-a"), ("wire-b", "home-eth0")]
    ends = [end for one in network.all_wires() for end in (one.a, one.b)]
    assert [far.mac(end) for end in ends] == [network.mac(end) for end in ends]
    assert len({*map(far.mac, (*ends, *wire.ports))}) == len(ends) + 2
    laid = {frozenset((one, other)) for one, other in far.topo(attached=False).links(sort=True)}
    assert {"core", "home"} not in laid
    assert all({*pair} in laid for pair in (("core", "home-wire"), ("home", "home-wire"), ("core", "cn")))


def test_a_plan_says_of_both_directions_what_the_kernel_has_to_say(tmp_path: Path) -> None:
    scenario, text = tmp_path / "far.yaml", SCENARIO.find("wifi-to-umts").read_text()
    scenario.write_text(text.replace("\nseed: 1\n", "\nseed: 1\ndelay: {home: 50 ms, cn: 0 ms}\n"))
    plan = compile_plan(load_experiment(str(scenario)))
    found = {(one["air"], one["device"]): one["expected"].get("delay", {}).get("delay") for one in plan["shapes"]}
    assert {name: delay for name, delay in found.items() if name[0].endswith("-wire")} == {
        ("home-wire", "wire-a"): 0.05, ("home-wire", "wire-b"): 0.05,
        ("cn-wire", "wire-a"): None, ("cn-wire", "wire-b"): None,
    }  # fmt: skip
    assert network_from(plan["network"]).far == ("home", "cn")
