"""Networks as data: what Mininet is told, and that a plan carries a network unharmed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.network import AccessLink, Interface, Network, Node, Route, Wire, network_from
from testbed.lab.network.addresses import Access
from testbed.lab.network.nodes import Air, Station
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.reading.places import TOPOLOGY

NETWORK = load_topology(TOPOLOGY.find("multihomed"))
WIFI, UMTS = NETWORK.access_links

words = st.text(alphabet="abc-1.", max_size=8)
interfaces = st.builds(Interface, words, words, words)
networks = st.builds(
    Network,
    words,
    words,
    st.lists(st.builds(Node, words, st.lists(st.builds(Route, words, words)).map(tuple), st.booleans())).map(tuple),
    st.lists(st.builds(AccessLink, words, interfaces, interfaces, st.booleans())).map(tuple),
    st.lists(st.builds(Wire, interfaces, interfaces)).map(tuple),
)


@given(networks)
def test_network_in_a_plan_is_the_same_network(network: Network) -> None:
    assert network_from(json.loads(json.dumps(asdict(network)))) == network


def test_access_link_is_two_wires_through_the_air() -> None:
    assert [(wire.a.name, wire.b.name) for wire in WIFI.wires] == [
        ("mn-wifi", "wifi-air-dn"),
        ("wifi-air-up", "wifi-gw-air"),
    ]
    assert (WIFI.port("down"), WIFI.port("up")) == (WIFI.node_port, WIFI.router_port)


def test_captures_are_at_the_stations_and_not_in_the_air() -> None:
    assert [interface.name for interface in NETWORK.captured()] == [
        "mn-wifi", "mn-umts", "wifi-gw-air", "wifi-gw-core", "umts-gw-air", "umts-gw-core",
        "core-wifi", "core-umts", "core-home", "core-cn", "home-eth0", "cn-eth0",
    ]  # fmt: skip


def test_every_interface_has_an_ethernet_address_of_its_own() -> None:
    ends = [end for wire in NETWORK.all_wires() for end in (wire.a, wire.b)]
    addresses = [NETWORK.mac(end) for end in ends]
    assert len(set(addresses)) == len(ends)
    assert all(re.fullmatch("02(:[0-9a-f]{2}){5}", address) for address in addresses)


def test_each_access_link_has_a_routing_table_of_its_own_and_no_arp_where_there_is_none() -> None:
    assert NETWORK.access(WIFI) == Access("mn-wifi", "10.1.0.2/24", "10.1.0.1", None, 101)
    assert NETWORK.access(UMTS) == Access("mn-umts", "10.2.0.2/24", "10.2.0.1", NETWORK.mac(UMTS.router), 102)


def test_access_link_by_name() -> None:
    assert NETWORK.access_link("umts") is UMTS
    with pytest.raises(KeyError):
        NETWORK.access_link("lte")


# -- for Mininet ------------------------------------------------------------------------------------------------------


def test_mininet_gets_stations_and_air() -> None:
    topo = NETWORK.topo()
    kinds = {name: topo.nodeInfo(name)["cls"] for name in topo.nodes()}
    assert kinds == {
        **dict.fromkeys(["mn", "wifi-gw", "umts-gw", "core", "home", "cn"], Station),
        **dict.fromkeys(["wifi-air", "umts-air"], Air),
    }


def test_mininet_gets_every_wire_with_its_names_and_addresses() -> None:
    links = [info for _, _, info in NETWORK.topo().links(withInfo=True)]
    built = {(info["intfName1"], info["addr1"], info["intfName2"], info["addr2"]) for info in links}
    assert built == {
        (wire.a.name, NETWORK.mac(wire.a), wire.b.name, NETWORK.mac(wire.b)) for wire in NETWORK.all_wires()
    }


def test_router_knows_the_mobile_node_where_nothing_resolves_addresses() -> None:
    topo = NETWORK.topo()
    assert topo.nodeInfo("umts-gw")["neighbours"] == [("umts-gw-air", "10.2.0.2", NETWORK.mac(UMTS.node))]
    assert topo.nodeInfo("wifi-gw")["neighbours"] == []


def test_mobile_node_has_its_addresses_from_attaching() -> None:
    assert NETWORK.topo().nodeInfo("mn")["addresses"] == {}
    assert NETWORK.topo().nodeInfo("mn")["accesses"] == [NETWORK.access(WIFI), NETWORK.access(UMTS)]
    assert NETWORK.topo(attached=False).nodeInfo("mn")["accesses"] == []


def test_others_have_theirs_from_the_start() -> None:
    assert NETWORK.topo().nodeInfo("cn")["addresses"] == {"cn-eth0": "10.20.0.2/24"}
    assert [node.name for node in NETWORK.nodes if node.forwards] == ["wifi-gw", "umts-gw", "core"]
