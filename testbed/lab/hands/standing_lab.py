"""What a prompt has to know of a lab that stands, and what it orders there beside steps of a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from testbed.lab.network import Network
    from testbed.lab.plan import HandsOrder
    from testbed.lab.spaces import Spaces

#: It is there, and it is left.
READY, LEAVE = "ready", "leave"
#: What the lab answers to a step.
DONE = b"."


class StandingNode(TypedDict):
    """A node by the path of its network namespace, and its interfaces; an air is a bridge."""

    namespace: str
    is_air: bool
    interfaces: list[str]


class StandingLab(TypedDict):
    """A network that stands: its nodes, its cables (node, interface, node, interface), and the phone's links."""

    name: str
    nodes: dict[str, StandingNode]
    cables: list[tuple[str, str, str, str]]
    links: list[str]
    rows: int
    columns: int


def standing_lab(net: Spaces, network: Network, order: HandsOrder) -> StandingLab:
    """What the prompt has to know of the network."""
    airs = {link.air for link in network.access_links}
    cables = network.topo(attached=False).links(withInfo=True, sort=True)
    return {
        "name": network.name,
        "nodes": {
            name: {"namespace": space.namespace, "is_air": name in airs, "interfaces": space.interfaces()}
            for name, space in net.items()
        },
        "cables": [(i["node1"], i["intfName1"], i["node2"], i["intfName2"]) for _, _, i in cables],
        "links": [link.name for link in network.access_links],
        "rows": order["rows"],
        "columns": order["columns"],
    }
