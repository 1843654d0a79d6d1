"""Who gives addresses: what dnsmasq is told for an access link."""

from __future__ import annotations

from testbed.access.dnsmasq import program
from testbed.scenario.experiment.addressing import in_ip6
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.reading.places import TOPOLOGY

NETWORK = load_topology(TOPOLOGY.find("multihomed"))
MAC = "02:00:00:00:00:01"


def lines(text: str) -> set[str]:
    """The settings, without those that are for every link."""
    common = {"port=0", "bind-interfaces", "user=root", "group=root", "log-dhcp", "leasefile-ro"}
    assert common < set(text.splitlines())
    return set(text.splitlines()) - common


def test_dhcp_server_gives_the_address_of_the_topology_on_its_link_alone() -> None:
    server = program(NETWORK.access_link("wifi"), MAC)
    assert (server["node"], server["packages"], server["ready"]["udp"]) == ("wifi-gw", ["dnsmasq-base"], [67])
    assert lines(server["files"]["dnsmasq.conf"]) == {
        "interface=wifi-gw-air",
        "dhcp-range=10.1.0.0,static,255.255.255.0,1h",
        f"dhcp-host={MAC},10.1.0.2",
        "dhcp-authoritative",
    }


def test_router_of_ip6_advertises_its_prefix() -> None:
    router = program(in_ip6(NETWORK).access_link("umts"), MAC)
    assert (router["node"], router["ready"]["udp"]) == ("umts-gw", [])
    assert lines(router["files"]["dnsmasq.conf"]) == {
        "interface=umts-gw-air",
        "enable-ra",
        "dhcp-range=2001:db8:a02::,ra-only,64",
    }
