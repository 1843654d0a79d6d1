"""A topology of IPv4 put into IPv6, and the addresses that a phone makes for itself there."""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv6Interface, IPv6Network, ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.network import Interface, Route
from testbed.lab.network.addresses import link_local
from testbed.scenario.experiment.addressing import in_ip6, interface_in_ip6, prefix_of, with_slaac
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.topology import can_reach, load_topology
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import TOPOLOGY
from tests.scenario.files import NET, SCENARIO_FILE, SCRIPT, Files

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = load_topology(TOPOLOGY.find("multihomed"))
NETWORK6 = in_ip6(NETWORK)

own_addresses = st.ip_addresses(v=4).flatmap(
    lambda ip: st.integers(8, 32).map(lambda length: IPv4Interface(f"{ip}/{length}"))
)


def put(own: IPv4Interface) -> IPv6Interface:
    """An interface's address in IPv6."""
    return IPv6Interface(interface_in_ip6(Interface("n", "i", str(own))).address)


def test_addresses_are_for_documentation_and_can_be_told_from_their_ipv4_ones() -> None:
    ends = [end for wire in NETWORK6.all_wires() for end in (wire.a, wire.b) if end.address]
    assert {end.name: end.address for end in ends if end.node in {"mn", "cn", "home"}} == {
        "mn-wifi": "2001:db8:a01::a01:2/64",
        "mn-umts": "2001:db8:a02::a02:2/64",
        "home-eth0": "2001:db8:a0a::a0a:2/64",
        "cn-eth0": "2001:db8:a14::a14:2/64",
    }
    assert all(IPv6Interface(end.address) in IPv6Network("2001:db8::/32") for end in ends)


def test_every_next_hop_is_still_next_to_its_node() -> None:
    routes = [(node, route) for node in NETWORK6.nodes for route in node.routes]
    assert len(routes) == 6
    assert all(can_reach(NETWORK6, node, route.via) for node, route in routes)
    assert NETWORK6.nodes[3].routes[0] == Route("2001:db8:a01::/56", "2001:db8:a00:100::a00:102")


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(8, 32))
def test_what_is_in_one_subnet_in_ipv4_is_so_in_ipv6(one: object, other: object, length: int) -> None:
    first, second = (IPv4Interface(f"{ip}/{length}") for ip in (one, other))
    assert (first.network == second.network) == (put(first).network == put(second).network)
    assert (first == second) == (put(first) == put(second))


@given(own_addresses, own_addresses)
def test_route_leads_to_the_same_subnets(own: IPv4Interface, to: IPv4Interface) -> None:
    leads = own.network.network_address in to.network
    assert put(own).network.subnet_of(prefix_of(to.network)) == leads


def test_what_is_ipv6_already_stays() -> None:
    assert in_ip6(NETWORK6) == NETWORK6


def test_phone_makes_its_address_of_prefix_and_ethernet_address() -> None:
    assert link_local("02:00:00:00:00:01") == "fe80::ff:fe00:1"
    # RFC 4291, appendix A: the universal/local bit is inverted.
    assert link_local("34:56:78:9a:bc:de") == "fe80::3656:78ff:fe9a:bcde"
    wifi, umts = with_slaac(NETWORK6, {"wifi"}).access_links
    assert wifi.node.address == "2001:db8:a01::ff:fe00:1/64"
    assert umts == NETWORK6.access_links[1]


# -- in scenarios -----------------------------------------------------------------------------------------------------


def test_all_that_take_part_are_told_of_the_addresses_of_ipv6() -> None:
    plan = compile_plan(load_experiment("over-ipv6", scheme="handover-b2bua", dad="optimistic"))
    agents = {agent["name"]: agent["config"] for agent in plan["agents"]}
    assert [link["address"] for link in agents["mn"]["links"].values()] == [
        "2001:db8:a01::ff:fe00:1",
        "2001:db8:a02::ff:fe00:5",
    ]
    named = [agents["mn"]["peer"]["address"], agents["mn"]["home"]["address"], agents["cn"]["address"]]
    assert all(ip_address(one).version == 6 for one in named)
    assert {(radio["address"], radio["dad"]) for radio in plan["radios"].values()} == {("slaac", "optimistic")}


def test_who_gives_addresses_is_there_for_those_links_that_ask() -> None:
    plan = compile_plan(load_experiment("with-dhcp"))
    assert [program["name"] for program in plan["programs"]] == ["dnsmasq-wifi", "dnsmasq-umts"]
    assert compile_plan(load_experiment("wifi-to-umts"))["programs"] == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("address: {wfi: dhcp}", "address.wfi: the topology has no access link of that name; did you mean 'wifi'?"),
        ("address: {wifi: dhpc}", "address.wifi: 'dhpc' is not possible; did you mean 'dhcp'?"),
        ("address: {umts: slaac}", "address.umts: slaac is for IPv6; write ip: 6, or another way to an address"),
        ("address: {wifi: dhcp}\nip: 6", "address.wifi: dhcp is for IPv4; write ip: 4, or another way to an address"),
        ("dad: off", "dad: is for IPv6; write ip: 6, or leave this out"),
        ("radio: {wifi: hwsym}", "radio.wifi: 'hwsym' is not possible; did you mean 'hwsim'?"),
        ("ip: 5", "ip: 5 is not possible; possible are: 4, 6"),
        ("ip: 6\ncn: baresip", "cn: baresip is set up for IPv4 alone; write ip: 4, or choose another"),
        ("ip: 6\nproxy: kamailio", "proxy: kamailio is set up for IPv4 alone; write ip: 4, or choose another"),
    ],
)
def test_mistakes_are_explained(lines: str, complaint: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.change(SCENARIO_FILE, "seed: 1", f"{lines}\nseed: 1")
    with pytest.raises(BadScenarioError) as refused:
        load_experiment(str(files.scenario))
    assert [error.what for error in refused.value.errors] == [complaint]


def test_topology_of_ipv6_needs_a_scenario_of_ipv6(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.change(NET, "10.1.0.1/24", "2001:db8:1::1/48")
    files.change(NET, "10.1.0.2/24", "2001:db8:1::2/48")
    with pytest.raises(BadScenarioError, match="'mn-wifi' has the IPv6 address 2001:db8:1::2/48; write ip: 6"):
        load_experiment(str(files.scenario))
    files.change(SCENARIO_FILE, "seed: 1", "ip: 6\nseed: 1")
    assert load_experiment(str(files.scenario)).network.access_link("wifi").node.address == "2001:db8:1::2/48"
    files.change(SCENARIO_FILE, "seed: 1", "address: {wifi: slaac}\nseed: 1")
    with pytest.raises(BadScenarioError, match="slaac takes a prefix of /64, and the router has 2001:db8:1::1/48"):
        load_experiment(str(files.scenario))


@pytest.mark.parametrize("change", ["corrupt: 5 %", "duplicate: 5 %", "jitter_correlation: 60 ms"])
def test_real_wifi_does_not_change_what_its_access_point_cannot(change: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.change(SCENARIO_FILE, "seed: 1", "radio: {wifi: hwsim}\nseed: 1")
    files.change(SCRIPT, "gone: true", change)
    name = change.partition(":")[0]
    said = f"{SCRIPT}:8: steps.4.{name}: 'wifi' has radio: hwsim, which cannot have it; leave it out, or write profile"
    with pytest.raises(BadScenarioError, match=re.escape(said)):
        load_experiment(str(files.scenario))


def test_real_wifi_takes_its_own_time_and_notices_by_itself(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.change(SCENARIO_FILE, "seed: 1", "radio: {wifi: hwsim}\nseed: 1")
    experiment = load_experiment(str(files.scenario))
    plan = compile_plan(experiment)
    assert [link.is_wireless for link in experiment.network.access_links] == [True, False]
    assert [program["name"] for program in plan["programs"]] == ["hostapd-wifi"]
    assert plan["radios"]["wifi"]["attach_phases"] == []
    assert "psk=" in (plan["radios"]["wifi"]["supplicant"] or "")
    assert plan["radios"]["umts"]["supplicant"] is None
    gone = [step["at_s"] for step in plan["timeline"] if step["do"] in {"note", "carrier"}]
    assert gone == [18.0, 18.0]
