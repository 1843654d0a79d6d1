"""Networks as data: who is there, how they are wired, which addresses they have.

A topology file describes a `Network`; the lab builds it with Mininet, and so does Mininet's own `mn --custom`.

Shape of an access link: the node and the access router are joined by the *air*, a bridge in a namespace of its own.
The link's delay, rate and loss sit on the air's two ports, one for each direction. So a capture at the node shows
packets as they leave and enter it; with netem on the node's own interface, outgoing packets would be captured only
after their delay.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from testbed.lab.network.addresses import Access, bare, is_ip6

if TYPE_CHECKING:
    from mininet.topo import Topo

Direction = Literal["down", "up"]
"""Of an access link: towards the mobile node, or from it."""

# Routing tables of the access links: this one, the next, and so on.
FIRST_TABLE = 101


@dataclass(frozen=True)
class Interface:
    """One end of a wire: `address` is in CIDR notation, or empty for an end without IP (a port of the air)."""

    node: str
    name: str
    address: str = ""


@dataclass(frozen=True)
class Wire:
    """An Ethernet cable: no delay, no loss, no limit but the kernel's."""

    a: Interface
    b: Interface


@dataclass(frozen=True)
class AccessLink:
    """A mobile node's way into the network, through a radio that can be shaped, lost and attached.

    `arp` is False for point-to-point radios such as UMTS, where no address resolution takes place: both ends then
    know each other's address from the start. `is_wireless` where it is the kernel's own 802.11: then the air's port
    towards the node is an access point.
    """

    name: str
    node: Interface
    router: Interface
    arp: bool = True
    is_wireless: bool = False

    @property
    def air(self) -> str:
        """Name of the bridge that carries the link."""
        return f"{self.name}-air"

    @property
    def node_port(self) -> Interface:
        """The air's port towards the node; what leaves through it is the downlink."""
        return Interface(self.air, f"{self.name}-air-dn")

    @property
    def router_port(self) -> Interface:
        """The air's port towards the access router; what leaves through it is the uplink."""
        return Interface(self.air, f"{self.name}-air-up")

    def port(self, direction: Direction) -> Interface:
        """The air's port that shapes this direction."""
        return {"down": self.node_port, "up": self.router_port}[direction]

    @property
    def wires(self) -> tuple[Wire, Wire]:
        """The two cables that the access link is made of."""
        return Wire(self.node, self.node_port), Wire(self.router_port, self.router)


@dataclass(frozen=True)
class FarWire:
    """A wire on which packets take their time: a bridge in a namespace of its own between its ends, as an air is.

    `node` is the node that it makes far, `wire` what a topology has of it.
    """

    node: str
    wire: Wire

    @property
    def bridge(self) -> str:
        """Name of the bridge."""
        return f"{self.node}-wire"

    @property
    def ports(self) -> tuple[Interface, Interface]:
        """The bridge's ports, towards each end of the wire; what leaves through one comes to that end."""
        return Interface(self.bridge, "wire-a"), Interface(self.bridge, "wire-b")

    @property
    def wires(self) -> tuple[Wire, Wire]:
        """The two cables that it is made of."""
        to_a, to_b = self.ports
        return Wire(self.wire.a, to_a), Wire(to_b, self.wire.b)


@dataclass(frozen=True)
class Route:
    """A route: CIDR destination (or "default") and the address of the next hop."""

    to: str
    via: str


@dataclass(frozen=True)
class Node:
    """A station with a kernel stack of its own. Routers forward; hosts don't."""

    name: str
    routes: tuple[Route, ...] = ()
    forwards: bool = False


@dataclass(frozen=True)
class Network:
    """A whole network. `mobile` names the node that the access links belong to.

    `tunnels` are interfaces by WireGuard that there are from the start, so that what goes into them is captured. The
    nodes in `far` have one wire each, on which packets take their time.
    """

    name: str
    mobile: str
    nodes: tuple[Node, ...]
    access_links: tuple[AccessLink, ...]
    wires: tuple[Wire, ...] = field(default=())
    tunnels: tuple[Interface, ...] = ()
    far: tuple[str, ...] = ()

    @property
    def far_wires(self) -> tuple[FarWire, ...]:
        """The wires of the nodes that are far."""
        return tuple(FarWire(node, one) for node in self.far for one in self.wires if node in {one.a.node, one.b.node})

    @property
    def is_ip6(self) -> bool:
        """Whether its addresses are of IPv6."""
        return any(is_ip6(end.address) for wire in self.all_wires() for end in (wire.a, wire.b))

    def all_wires(self) -> list[Wire]:
        """Every cable, those of the access links first."""
        return [wire for link in self.access_links for wire in link.wires] + list(self.wires)

    def interfaces(self, node: str) -> list[Interface]:
        """The interfaces of one node, in the order of the wires."""
        ends = (end for wire in self.all_wires() for end in (wire.a, wire.b))
        return [end for end in ends if end.node == node]

    def captured(self) -> list[Interface]:
        """Where packets are captured: every interface of every station. The air is not a station but the link."""
        return [*(end for node in self.nodes for end in self.interfaces(node.name)), *self.tunnels]

    def access_link(self, name: str) -> AccessLink:
        """The access link of that name; raises KeyError."""
        return {link.name: link for link in self.access_links}[name]

    def with_wireless(self, names: set[str]) -> "Network":
        """The same network with the kernel's own 802.11 on the access links of these names."""
        return replace(
            self, access_links=tuple(replace(one, is_wireless=one.name in names) for one in self.access_links)
        )

    def access(self, link: AccessLink) -> Access:
        """What the mobile node configures when it has attached to `link`; each link has a routing table of its own."""
        return Access(
            interface=link.node.name,
            address=link.node.address,
            gateway=bare(link.router.address),
            gateway_mac=None if link.arp else self.mac(link.router),
            table=FIRST_TABLE + self.access_links.index(link),
        )

    def topo(self, *, attached: bool = True) -> "Topo":
        """The network for Mininet; `attached` says whether the mobile node has its addresses from the start."""
        # Scenarios need a network's description alone, and half of a command's start would be these.
        from mininet.topo import Topo  # noqa: PLC0415

        from testbed.lab.network.nodes import Air, Cable, Station  # noqa: PLC0415

        topo = Topo()
        for node in self.nodes:
            topo.addHost(
                node.name, cls=Station, ip=None, addresses=self._addresses(node.name), routes=node.routes,
                forwards=node.forwards, neighbours=self._neighbours(node.name), ip6=self.is_ip6,
                asleep=[link.node.name for link in self.access_links
                        if not (attached or link.is_wireless) and link.node.node == node.name],
                accesses=[self.access(link) for link in self.access_links if attached and link.node.node == node.name],
                tunnels=[one.name for one in self.tunnels if one.node == node.name],
            )  # fmt: skip
        for link in self.access_links:
            wired = [port for port in self.interfaces(link.air) if not (link.is_wireless and port == link.node_port)]
            topo.addHost(link.air, cls=Air, ip=None, ports=[port.name for port in wired])
        for far in self.far_wires:
            topo.addHost(far.bridge, cls=Air, ip=None, ports=[port.name for port in far.ports])
        for wire in self._cables():
            topo.addLink(
                wire.a.node, wire.b.node, cls=Cable, intfName1=wire.a.name, intfName2=wire.b.name,
                addr1=self.mac(wire.a), addr2=self.mac(wire.b),
            )  # fmt: skip
        return topo

    def _cables(self) -> list[Wire]:
        """What is to be laid: no radio waves, and of a far wire both halves."""
        radio_waves = [link.wires[0] for link in self.access_links if link.is_wireless]
        halves = {far.wire: far.wires for far in self.far_wires}
        whole = (wire for wire in self.all_wires() if wire not in radio_waves)
        return [cable for wire in whole for cable in halves.get(wire, (wire,))]

    def mac(self, interface: Interface) -> str:
        """The Ethernet address of an interface: locally administered, numbered by its place in the network.

        Ports of far wires come last: a network whose nodes are far has the same addresses.
        """
        ends = [end for wire in self.all_wires() for end in (wire.a, wire.b)]
        ends += [port for far in self.far_wires for port in far.ports]
        return f"02:00:00:00:00:{ends.index(interface) + 1:02x}"

    def _addresses(self, node: str) -> dict[str, str]:
        """Addresses that a node has from the start, {interface: CIDR}; the mobile node gets its own by attaching."""
        mobile = {link.node for link in self.access_links}
        return {end.name: end.address for end in self.interfaces(node) if end not in mobile}

    def _neighbours(self, node: str) -> list[tuple[str, str, str]]:
        """Mobile nodes that a router knows without asking: (interface, IP address, Ethernet address)."""
        links = [link for link in self.access_links if not link.arp and link.router.node == node]
        return [(link.router.name, bare(link.node.address), self.mac(link.node)) for link in links]


def network_from(data: dict[str, Any]) -> Network:
    """A network from what `dataclasses.asdict` made of it, as it travels in a plan."""
    return Network(
        name=data["name"],
        mobile=data["mobile"],
        nodes=tuple(
            Node(node["name"], tuple(Route(**route) for route in node["routes"]), node["forwards"])
            for node in data["nodes"]
        ),
        access_links=tuple(
            AccessLink(
                link["name"], Interface(**link["node"]), Interface(**link["router"]), link["arp"], link["is_wireless"]
            )
            for link in data["access_links"]
        ),
        wires=tuple(Wire(Interface(**wire["a"]), Interface(**wire["b"])) for wire in data["wires"]),
        tunnels=tuple(Interface(**one) for one in data["tunnels"]),
        far=tuple(data["far"]),
    )
