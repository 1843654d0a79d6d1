"""Kinds of NAT in users' files: what is wrong with one is said with its line, and what would be right."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING

import pytest

from testbed.lab.network import Interface, Network, Wire
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.translators import Translator, nat_wrong
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.plan.compile import compile_plan, nats
from testbed.scenario.plan.nat_rules import rules
from testbed.scenario.reading.document import load
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import NAT, SCENARIO, TOPOLOGY

if TYPE_CHECKING:
    from pathlib import Path

LINES = {
    "name": "mine", "about": "a NAT", "mapping": "address-dependent", "filtering": "endpoint-independent",
    "ports": "20000-20511", "timeout": "60 s",
}  # fmt: skip


def written(folder: Path, **changes: str | None) -> Path:
    """A file with these lines."""
    lines = {name: value for name, value in {**LINES, **changes}.items() if value is not None}
    path = folder / "mine.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in lines.items()))
    return path


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"mapping": "symmetric"}, 3, "mapping: 'symmetric' is not possible; possible are: endpoint-independent,"),
        (
            {"ports": "20511-20000"},
            5,
            "ports: '20511-20000' are no ports; write the first and the last one, like 20000",
        ),
        ({"ports": "80-90"}, 5, "ports: '80-90' are no ports; write the first and the last one, like 20000-20511"),
        ({"timeout": "1.5 s"}, 6, "timeout: the kernel has no mapping for 1.5 s; write whole seconds, from 1 s"),
        ({"timeout": "0 s"}, 6, "timeout: the kernel has no mapping for 0 s; write whole seconds, from 1 s to 86400 s"),
        ({"ports": None}, 1, "a port that stays what it is does not depend on the other end; add 'ports: 20000-20511'"),
        ({"hairpin": "yes"}, 7, "hairpin is unknown"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, changes: dict[str, str | None], line: int, said: str) -> None:
    with pytest.raises(BadScenarioError) as told:
        load(written(tmp_path, **changes), Nat)
    (error,) = told.value.errors
    assert (error.line, error.what[: len(said)]) == (line, said)


@pytest.fixture(scope="module")
def network() -> Network:
    return load_topology(TOPOLOGY.find("multihomed"))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(SCENARIO.find("wifi-to-umts"), Scenario).model_copy(update={"nat": {"umts": "carrier"}})


def test_a_router_translates_that_has_one_way_out(network: Network, scenario: Scenario) -> None:
    assert [*nat_wrong(scenario, network)] == []
    host = replace(network, nodes=tuple(replace(one, forwards=one.name != "umts-gw") for one in network.nodes))
    assert [*nat_wrong(scenario, host)] == [
        ("umts", "ends at 'umts-gw', which is no router; a router of its own could translate")
    ]
    more = Wire(Interface("umts-gw", "umts-gw-2", "10.0.3.2/30"), Interface("core", "core-2", "10.0.3.1/30"))
    assert [*nat_wrong(scenario, replace(network, wires=(*network.wires, more)))] == [
        ("umts", "its router 'umts-gw' has 2 interfaces to the rest of the network, and needs one")
    ]
    alone = tuple(one for one in network.wires if "umts-gw" not in {one.a.node, one.b.node})
    assert [*nat_wrong(scenario, replace(network, wires=alone))] == [
        ("umts", "its router 'umts-gw' has no interface with an address to the rest of the network, and needs one")
    ]


def test_a_plan_has_the_rules_and_the_manifest_the_place(tmp_path: Path) -> None:
    text = SCENARIO.find("wifi-to-umts").read_text()
    path = tmp_path / "behind.yaml"
    path.write_text(text + f"\nnat: {{umts: {written(tmp_path).name}}}\n".replace("mine", "./mine"))
    experiment = load_experiment(str(path))
    (order,) = compile_plan(experiment)["nats"]
    assert (order["node"], order["timeout_s"]) == ("umts-gw", 60)
    assert "snat ip to 10.0.2.2 : 20000-20511 fully-random" in order["rules"]
    assert nats(experiment) == {
        "nats": {
            "umts": {"kind": "mine", "inside": "umts-gw-air", "outside": "umts-gw-core", "address": "10.0.2.2"},
        }
    }
    assert nats(load_experiment("wifi-to-umts")) == {}
    assert compile_plan(load_experiment("wifi-to-umts"))["nats"] == []


@pytest.mark.parametrize("name", NAT.shipped())
def test_rules_are_about_the_link_s_own_addresses(name: str, network: Network) -> None:
    """Another link may end at the same router."""
    inside = network.access_link("umts").router
    one = Translator(load(NAT.find(name), Nat), inside, Interface("umts-gw", "umts-gw-core", "10.0.2.2/30"))
    subnet = str(ip_interface(inside.address).network)
    changes = [line for line in rules(one, "nat0").splitlines() if "snat" in line or "update" in line]
    assert changes
    assert all(subnet in line for line in changes)


@pytest.mark.parametrize("name", NAT.shipped())
def test_only_who_is_told_to_has_sip_rewritten(name: str, network: Network) -> None:
    inside = network.access_link("umts").router
    one = Translator(load(NAT.find(name), Nat), inside, Interface("umts-gw", "umts-gw-core", "10.0.2.2/30"))
    assert ('udp dport 5060 ct helper set "sip"' in rules(one, "nat0")) == one.kind.sip_helper == name.endswith("-sip")
