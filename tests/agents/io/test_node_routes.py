"""Nodes of other networks on a router's link, in the real kernel's tables, in a network namespace of its own."""

from __future__ import annotations

import socket

from pyroute2 import IPRoute

from agents.io.node_routes import NOTHING_ELSE, TUNNEL_TABLE, NodeRoutes
from agents.roles.kernel_orders import NoLongerServe, ServeNode

from .namespace import in_a_namespace

AIR, TUNNELS = "air", ("fa0", "fa1")
STATION = bytes((2, 0, 0, 0, 0, 1))
ONE, OTHER, STRANGE = "10.10.0.254", "10.10.0.77", "10.30.0.7"


def rules(netlink: IPRoute) -> list[list[object]]:
    """[priority, interface, source or destination, table] of those that are ours."""
    found = []
    for one in netlink.get_rules(family=socket.AF_INET):
        priority = one.get_attr("FRA_PRIORITY") or 0
        if NOTHING_ELSE - 1 <= priority <= NOTHING_ELSE + 1:
            address = one.get_attr("FRA_SRC") or one.get_attr("FRA_DST")
            table = None if priority == NOTHING_ELSE else one.get_attr("FRA_TABLE")
            found.append([priority, one.get_attr("FRA_IIFNAME"), address, table])
    return sorted(found, key=str)


def served() -> dict[str, object]:
    """Two nodes by one tunnel, a third by another; then they leave one after the other."""
    with IPRoute() as netlink:
        netlink.link("add", ifname=AIR, kind="veth", peer="node")
        netlink.link("add", ifname=TUNNELS[0], kind="veth", peer=TUNNELS[1])  # any interface can be one here
        for name in (AIR, "node", *TUNNELS):
            netlink.link("set", index=netlink.link_lookup(ifname=name)[0], state="up")
        routes = NodeRoutes(netlink)
        for address, tunnel in ((ONE, "fa0"), (ONE, "fa0"), (OTHER, "fa0"), (STRANGE, "fa1")):
            routes.serve(ServeNode(address, AIR, STATION, tunnel))
        seen: dict[str, object] = {"all": rules(netlink)}
        air = netlink.link_lookup(ifname=AIR)[0]
        seen["neighbours"] = sorted(
            [one.get_attr("NDA_DST"), one.get_attr("NDA_LLADDR")]
            for one in netlink.get_neighbours(family=socket.AF_INET, ifindex=air)
        )
        seen["routes"] = sorted(
            one.get_attr("RTA_DST") for one in netlink.get_routes(family=socket.AF_INET, oif=air, table=254)
        )
        for address, tunnel in ((ONE, "fa0"), (STRANGE, "fa1")):
            routes.no_longer_serve(NoLongerServe(address, AIR, tunnel))
        seen["one is left"] = rules(netlink)
        routes.no_longer_serve(NoLongerServe(OTHER, AIR, "fa0"))
        seen["none"] = [*rules(netlink), *netlink.get_neighbours(family=socket.AF_INET, ifindex=air)]
        routes.serve(ServeNode(STRANGE, AIR, STATION, "fa1"))
        seen["again"] = [one[3] for one in rules(netlink) if one[0] == NOTHING_ELSE + 1]
    return seen


def test_each_node_s_packets_come_and_go_by_its_own_tunnel() -> None:
    seen = in_a_namespace(served)
    assert seen["all"] == [
        [NOTHING_ELSE - 1, "fa0", ONE, 254], [NOTHING_ELSE - 1, "fa0", OTHER, 254],
        [NOTHING_ELSE - 1, "fa1", STRANGE, 254],
        [NOTHING_ELSE, "fa0", None, None], [NOTHING_ELSE, "fa1", None, None],
        [NOTHING_ELSE + 1, AIR, ONE, TUNNEL_TABLE], [NOTHING_ELSE + 1, AIR, OTHER, TUNNEL_TABLE],
        [NOTHING_ELSE + 1, AIR, STRANGE, TUNNEL_TABLE + 1],
    ]  # fmt: skip
    assert seen["neighbours"] == sorted([one, "02:00:00:00:00:01"] for one in (ONE, OTHER, STRANGE))
    assert set(seen["routes"]) == {ONE, OTHER, STRANGE}
    assert seen["one is left"] == [
        [NOTHING_ELSE - 1, "fa0", OTHER, 254], [NOTHING_ELSE, "fa0", None, None],
        [NOTHING_ELSE + 1, AIR, OTHER, TUNNEL_TABLE],
    ]  # fmt: skip
    assert seen["none"] == []
    assert seen["again"] == [TUNNEL_TABLE]
