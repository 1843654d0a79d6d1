"""What a scheme that keeps the mobile node's address refuses, with file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.experiment.anchoring import free_home_address
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.plan.compile import compile_plan, roles
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import SCENARIO, TOPOLOGY

if TYPE_CHECKING:
    from pathlib import Path

MULTIHOMED = TOPOLOGY.find("multihomed")


def changed_topology(folder: Path, changes: dict[str, str], like: str = "over-ipv6") -> Path:
    """A scenario in another network."""
    text = MULTIHOMED.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "other.py").write_text(text)
    scenario = folder / "other.yaml"
    scenario.write_text(SCENARIO.find(like).read_text().replace("multihomed", "./other.py"))
    return scenario


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


@pytest.mark.parametrize(
    ("scenario", "scheme", "version"),
    [
        ("over-ipv6", "mipv4", 4),
        ("over-ipv6", "mipv4-fa", 4),
        ("wifi-to-umts", "mipv6", 6),
        ("wifi-to-umts", "mipv6-ro", 6),
        ("wifi-to-umts", "pmipv6", 6),
    ],
)
def test_another_version_of_ip_is_refused(scenario: str, scheme: str, version: int) -> None:
    said = rf"{scenario}.yaml.*: ip: {scheme} keeps an address of IPv{version}; write ip: {version}"
    with pytest.raises(BadScenarioError, match=said):
        load_experiment(scenario, scheme=scheme)


def test_the_home_address_of_ipv6_is_near_the_home_agent_s() -> None:
    """Not among the last ones of the network, which are anycast (RFC 2526)."""
    experiment = load_experiment("over-ipv6", scheme="mipv6-ro")
    assert free_home_address(experiment.network) == "2001:db8:a0a::a0a:fe"
    cache = next(one for one in compile_plan(experiment)["agents"] if one["name"] == "binding-cache")
    assert (cache["node"], cache["config"]["address"]) == ("cn", "2001:db8:a14::a14:2")


def test_routers_of_both_links_take_part_where_the_protocol_is_between_them() -> None:
    """Each in its own node, with the keys of its link and of all routers."""
    agents = {one["name"]: one for one in compile_plan(load_experiment("over-ipv6", scheme="fmipv6"))["agents"]}
    assert {name: one["node"] for name, one in agents.items() if one["role"] == "access-router"} == {
        "access-router-wifi": "wifi-gw", "access-router-umts": "umts-gw",
    }  # fmt: skip
    wifi, own = agents["access-router-wifi"]["config"], agents["mobility"]["config"]["routers"]
    assert (wifi["address"], wifi["prefix"]) == ("2001:db8:a01::a01:1", "2001:db8:a01::/64")
    assert [one["address"] for one in wifi["neighbours"]] == [own["umts"]["address"]] == ["2001:db8:a02::a02:1"]
    care_of = agents["mobility"]["config"]["links"]["wifi"]["address"]
    assert wifi["nodes"][care_of]["key"] == own["wifi"]["key"]


def test_gateways_are_on_the_routers_of_the_links_each_with_a_key_of_its_own() -> None:
    experiment = load_experiment("over-ipv6", scheme="pmipv6")
    agents = {one["name"]: one for one in compile_plan(experiment)["agents"]}
    gateways = [agents[f"access-router-{link}"] for link in ("wifi", "umts")]
    assert [(one["node"], one["role"]) for one in gateways] == [
        ("wifi-gw", "access-router"), ("umts-gw", "access-router"),
    ]  # fmt: skip
    assert [one["config"]["interface"] for one in gateways] == ["wifi-gw-air", "umts-gw-air"]
    keys = {one["config"]["address"]: (one["config"]["spi"], one["config"]["key"]) for one in gateways}
    assert {at: (one["spi"], one["key"]) for at, one in agents["home-agent"]["config"]["gateways"].items()} == keys
    assert len({key for _, key in keys.values()}) == 2
    assert roles(experiment.network, experiment.row)["mn"]["gateways"] == {
        "wifi": "2001:db8:a00:100::a00:102", "umts": "2001:db8:a00:200::a00:202",
    }  # fmt: skip


def test_a_link_that_is_the_home_network_is_known_to_both_ends_and_to_who_measures() -> None:
    experiment = load_experiment("from-home")
    agents = {one["name"]: one for one in compile_plan(experiment)["agents"]}
    assert agents["mobility"]["config"]["at_home"] == {"link": "wifi", "router": "10.10.0.1"}
    assert agents["home-agent"]["config"]["is_home"]
    found = roles(experiment.network, experiment.row)
    assert found["mn"]["home_link"] == "wifi"
    assert {name: one["interface"] for name, one in found["relay"]["interfaces"].items()} == {
        "wifi": "home-air", "eth1": "home-core",
    }  # fmt: skip
    usual = load_experiment("wifi-to-umts", scheme="mipv4")
    assert "home_link" not in roles(usual.network, usual.row)["mn"]
    away = {one["name"]: one["config"] for one in compile_plan(usual)["agents"]}
    assert "at_home" not in away["mobility"]
    assert "is_home" not in away["home-agent"]


@pytest.mark.parametrize("scheme", ["mipv4-bicast", "mipv4-always", "wireguard", "mobike"])
def test_who_cannot_come_home_is_refused_where_a_link_is_it(scheme: str) -> None:
    said = (
        rf"from-home.yaml:\d+: topology: link wifi is the network of 'home', and {scheme} can't come home; choose mipv4"
    )
    with pytest.raises(BadScenarioError, match=said):
        load_experiment("from-home", scheme=scheme)


def test_foreign_agents_know_themselves_and_the_mobile_node_knows_of_none() -> None:
    experiment = load_experiment("wifi-to-umts", scheme="mipv4-fa")
    agents = {one["name"]: one for one in compile_plan(experiment)["agents"]}
    (wifi,) = [one for name, one in agents.items() if name == "access-router-wifi"]
    about = {name: wifi["config"][name] for name in ("address", "prefix_length", "care_of", "core_interface")}
    assert (wifi["node"], about) == (
        "wifi-gw",
        {"address": "10.1.0.1", "prefix_length": 24, "care_of": "10.0.1.2", "core_interface": "wifi-gw-core"},
    )
    assert not {"routers", "gateways", "stations"} & set(agents["mobility"]["config"])
    assert roles(experiment.network, experiment.row)["mn"]["gateways"] == {"wifi": "10.0.1.2", "umts": "10.0.2.2"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        (  # one router for both links
            {'Interface("umts-gw", "umts-gw-air"': 'Interface("wifi-gw", "umts-gw-air"'},
            "links wifi and umts end at the same node, 'wifi-gw'",
        ),
        (  # the home network's server at the end of a link
            {'Interface("umts-gw", "umts-gw-air"': 'Interface("home", "umts-gw-air"'},
            "link umts ends at 'home', which is no router",
        ),
        ({'Node("umts-gw", forwards=True, ': 'Node("umts-gw", '}, "link umts ends at 'umts-gw', which is no router"),
        (  # a router that leads nowhere
            {
                'Interface("umts-gw", "umts-gw-core"': 'Interface("cn", "umts-gw-core"',
                ', routes=(Route("default", via="10.0.2.1"),)': "",
            },
            "'umts-gw', at the end of link umts, has no interface to the rest of the network",
        ),
    ],
)
@pytest.mark.parametrize(
    ("scheme", "like"), [("pmipv6", "over-ipv6"), ("fmipv6", "over-ipv6"), ("mipv4-fa", "wifi-to-umts")]
)
def test_a_topology_without_routers_is_refused(
    tmp_path: Path, changes: dict[str, str], wrong: str, scheme: str, like: str
) -> None:
    scenario = changed_topology(tmp_path, changes, like)
    with pytest.raises(BadScenarioError, match=rf"other.yaml:\d+: topology: {wrong}; {scheme} needs a router for each"):
        load_experiment(str(scenario), scheme=scheme)


def agents_of_hmipv6(folder: Path, address: str) -> dict[str, Any]:
    """The plan's agents by name, where links come to their addresses as that says."""
    text = SCENARIO.find("over-ipv6").read_text()
    assert text.count("address: {wifi: slaac, umts: slaac}") == 1
    scenario = folder / "six.yaml"
    scenario.write_text(text.replace("address: {wifi: slaac, umts: slaac}", f"address: {address}"))
    return {one["name"]: one for one in compile_plan(load_experiment(str(scenario), scheme="hmipv6"))["agents"]}


@pytest.mark.parametrize(
    ("address", "advertising", "is_told"),
    [("{}", [], True), ("{wifi: slaac, umts: slaac}", ["wifi", "umts"], False), ("{umts: slaac}", ["umts"], True)],
)
def test_routers_that_advertise_themselves_say_where_the_anchor_point_is(
    tmp_path: Path, address: str, advertising: list[str], *, is_told: bool
) -> None:
    """RFC 5380 7; who begins where nobody does so is told."""
    agents = agents_of_hmipv6(tmp_path, address)
    routers = {name: one["config"]["anchor_point"] for name, one in agents.items() if one["role"] == "access-router"}
    point = {"address": "2001:db8:a00:100::a00:101", "distance": 2, "preference": 15, "valid_s": 2_592_000}
    assert routers == {f"access-router-{link}": point for link in advertising}
    assert ("address" in agents["mobility"]["config"]["anchor_point"]) == is_told
    script = tmp_path / "dies.yaml"
    script.write_text("name: dies\nabout: a router\nsteps: [{at: 5 s, kill: access-router-umts}]\n")
    if "umts" in advertising:
        assert load_experiment(str(tmp_path / "six.yaml"), scheme="hmipv6", failure=str(script)).changes
    else:
        with pytest.raises(BadScenarioError, match="'access-router-umts' is no agent of this run"):
            load_experiment(str(tmp_path / "six.yaml"), scheme="hmipv6", failure=str(script))


def test_the_anchor_point_is_where_the_ways_of_both_links_meet(tmp_path: Path) -> None:
    """On the core's interface to the first link's router, with an address of its subnet for the node (RFC 5380 6)."""
    agents = agents_of_hmipv6(tmp_path, "{}")
    point, known = agents["anchor-point"], agents["mobility"]["config"]["anchor_point"]
    assert (point["node"], point["role"], point["config"]["interface"]) == ("core", "anchor-point", "core-wifi")
    assert point["config"]["address"] == known["address"] == "2001:db8:a00:100::a00:101"
    assert list(point["config"]["homes"]) == ["2001:db8:a00:100:0:ff:fe00:1"]
    assert point["config"]["homes"]["2001:db8:a00:100:0:ff:fe00:1"]["key"] == known["key"]
    assert point["config"]["domain"] == ["2001:db8:a01::/64", "2001:db8:a02::/64"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        (  # one link's router is wired to the home network's server itself
            {
                'Interface("core", "core-umts", "10.0.2.1/30")': 'Interface("home", "home-umts", "10.0.2.1/30")',
                'Route("10.1.0.0/24", via="10.0.1.2"), Route("10.2.0.0/24", via="10.0.2.2")':
                'Route("10.1.0.0/24", via="10.0.1.2"),',
            },
            "the ways from links wifi and umts to 'home' meet in no router",
        ),
        (
            {'Node("home", routes=(Route("default", via="10.10.0.1"),))': 'Node("home")'},
            "no routes lead from 'home' to 10.0.1.1 of 'core'",
        ),
        (
            {'Node("umts-gw", forwards=True, routes=(Route("default", via="10.0.2.1"),))':
             'Node("umts-gw", forwards=True)'},
            "the ways from links wifi and umts to 'home' meet in no router",
        ),
    ],
)  # fmt: skip
def test_a_topology_without_a_place_for_an_anchor_point_is_refused(
    tmp_path: Path, changes: dict[str, str], wrong: str
) -> None:
    scenario = changed_topology(tmp_path, changes)
    with pytest.raises(BadScenarioError, match=rf"other.yaml:\d+: topology: {wrong}; hmipv6 needs a router between"):
        load_experiment(str(scenario), scheme="hmipv6")


@pytest.mark.parametrize("trigger", ["silence", "quality"])
def test_triggers_that_hear_the_call_are_refused(trigger: str) -> None:
    scenario = load_experiment("triggers").scenario
    named = next(name for name, one in scenario.triggers.items() if one.on == trigger)
    with pytest.raises(BadScenarioError, match=rf"{trigger}: mipv4-bicast is done below the call, and can't hear it"):
        load_experiment("triggers", scheme="mipv4-bicast", trigger=named)


def test_triggers_that_hear_links_are_not() -> None:
    assert load_experiment("triggers", scheme="mipv4", trigger="link-down").scheme == "mipv4"
