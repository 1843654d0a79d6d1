"""Topology files: Python that defines a NETWORK, run and checked before anything is built from it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from testbed.brought.asking import NoAnswerError, answer_of
from testbed.lab.network import Interface, Network, Node, Route, Wire
from testbed.scenario.kinds.topology_child import FOREIGN
from testbed.scenario.reading.document import MOST_ERRORS
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import bad, name_of, read_bytes
from testbed.scenario.reading.units import shown

# Agents, captures and reports know the two ends of the call by these names.
MOBILE, CORRESPONDENT = "mn", "cn"
AGENTS = (MOBILE, CORRESPONDENT)
# Where the B2BUA is; a network may do without it.
HOME = "home"

# The kernel's IFNAMSIZ, less the zero at the end; the air's ports are named after the link, with "-air-dn" added.
INTERFACE_NAME_LENGTH = 15
LINK_NAME_LENGTH = INTERFACE_NAME_LENGTH - len("-air-dn")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Ethernet addresses are numbered with one byte (Network.mac).
MOST_INTERFACES = 255
MOST_BYTES = 512 * 1024
TOPOLOGY_SUFFIX = ".py"
CHILD = Path(__file__).with_name("topology_child.py")

EXAMPLE = "topologies/multihomed.py shows how it should be"

Complaint = tuple[str, str]
"""The word in the file that it is about, and what is wrong with it."""


def load_topology(path: Path) -> Network:
    """The NETWORK of a topology file; raises BadScenarioError when it has none, can't be run, or could not be built."""
    data = read_bytes(path, kind="a topology", most_bytes=MOST_BYTES)
    text = data.decode("utf-8", "replace")
    if path.suffix != TOPOLOGY_SUFFIX:
        raise bad(path, 0, "is no Python file; a topology's name ends in .py")
    line, what, said = loaded(path, data)
    if what:
        raise bad(path, line or line_with(text, "NETWORK"), what)
    return looked_through(path, text, said)


def looked_through(path: Path, text: str, said: str) -> Network:
    """The network that a file's Python has defined, said as JSON; raises BadScenarioError with a line of its text."""
    try:
        network = TypeAdapter(Network).validate_python(json.loads(said, object_hook=foreign))
    except ValidationError as error:
        raise BadScenarioError(
            [
                ScenarioError(
                    path,
                    line_with(text, "NETWORK"),
                    f"NETWORK.{name_of(one['loc'])}: {shown(one['input'])} does not belong there; {EXAMPLE}",
                )
                for one in error.errors()[:MOST_ERRORS]
            ]
        ) from None
    for wrong in (nodes_wrong, links_wrong, interfaces_wrong, routes_wrong):
        # One at a time: what is wrong with a node is wrong with its interfaces and routes too.
        errors = [ScenarioError(path, line_with(text, word), what) for word, what in wrong(network)]
        if errors:
            raise BadScenarioError(errors[:MOST_ERRORS])
    return as_kernel_writes(network)


def as_kernel_writes(network: Network) -> Network:
    """The same network with each address as the kernel's news have it: of IPv6 there are many ways (RFC 5952)."""

    def own(end: Interface) -> Interface:
        return replace(end, address=str(ip_interface(end.address))) if end.address else end

    def way(route: Route) -> Route:
        to = route.to if route.to == "default" else str(ip_network(route.to))
        return Route(to, str(ip_address(route.via)))

    links = (replace(one, node=own(one.node), router=own(one.router)) for one in network.access_links)
    return replace(
        network,
        nodes=tuple(replace(node, routes=tuple(map(way, node.routes))) for node in network.nodes),
        access_links=tuple(links),
        wires=tuple(Wire(own(one.a), own(one.b)) for one in network.wires),
    )


@cache
def loaded(path: Path, data: bytes) -> tuple[int, str, str]:
    """What a process of its own makes of a file with this content: line and what is wrong, or the network as JSON."""
    del data
    try:
        said = json.loads(answer_of(CHILD, str(path)))
    except NoAnswerError as error:
        return 0, f"this {error}", ""
    if "error" in said:
        line, what = said["error"]
        return line, what if line else f"{what}; {EXAMPLE}", ""
    return 0, "", json.dumps(said["network"])


class Misplaced:
    """A value that a network has nowhere."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def foreign(found: dict[str, Any]) -> object:
    """What the process has marked as such."""
    return Misplaced(str(found[FOREIGN])) if FOREIGN in found else found


def line_with(text: str, word: str) -> int:
    """The first line that has the word in quotes; else the one that begins the NETWORK."""
    lines = text.splitlines()
    for sign in (f'"{word}"', f"'{word}'", "NETWORK"):
        for number, line in enumerate(lines, start=1):
            if sign in line:
                return number
    return 1


def nodes_wrong(network: Network) -> Iterator[Complaint]:
    """Names of nodes, and the two that must be there."""
    names = [node.name for node in network.nodes]
    if network.mobile != MOBILE:
        yield network.mobile, f"the mobile node is called {shown(network.mobile)}; call it '{MOBILE}', as its agent is"
    for name in AGENTS:
        if name not in names:
            yield "NETWORK", f"there is no node '{name}', an end of the call; add Node('{name}')"
    for name, times in Counter([*names, *(link.air for link in network.access_links)]).items():
        if times > 1:
            yield name, f"{times} nodes are called {shown(name)}; give each a name of its own"
        if not NAME.fullmatch(name):
            yield name, f"{shown(name)} is no name for a node; use letters, digits, '-', '_' and '.'"


def interfaces_wrong(network: Network) -> Iterator[Complaint]:
    """Both ends of every wire: their nodes, names and addresses."""
    ends = [end for wire in network.all_wires() for end in (wire.a, wire.b)]
    if len(ends) > MOST_INTERFACES:
        yield "NETWORK", f"there are {len(ends)} interfaces; at most {MOST_INTERFACES} can be built"
    nodes = {node.name for node in network.nodes} | {link.air for link in network.access_links}
    for end in ends:
        if end.node not in nodes:
            yield end.node, f"'{end.name}' belongs to {shown(end.node)}, which is no node; add Node('{end.node}')"
        if not NAME.fullmatch(end.name) or len(end.name) > INTERFACE_NAME_LENGTH:
            what = f"use letters, digits, '-', '_' and '.', at most {INTERFACE_NAME_LENGTH}"
            yield end.name, f"{shown(end.name)} is no name for an interface; {what}"
        if end.address and not is_valid(ip_interface, end.address):
            yield end.address, f"{shown(end.address)} is no address; write it like 10.1.0.2/24"
        elif end.address and "/" not in end.address:
            yield end.address, f"{shown(end.address)} has no prefix length; write it like 10.1.0.2/24"
    for what, values in (("name", [end.name for end in ends]), ("address", [end.address for end in ends])):
        for value, times in Counter(values).items():
            if times > 1 and value:
                yield value, f"{times} interfaces have the {what} {shown(value)}; give each one of its own"


def links_wrong(network: Network) -> Iterator[Complaint]:
    """The access links, and that the correspondent can be reached at all."""
    for link in network.access_links:
        if not NAME.fullmatch(link.name) or len(link.name) > LINK_NAME_LENGTH:
            what = f"use letters, digits, '-', '_' and '.', at most {LINK_NAME_LENGTH}"
            yield link.name, f"{shown(link.name)} is no name for an access link; {what}"
        if link.node.node != network.mobile:
            yield (
                link.name,
                f"'{link.name}' does not begin at the mobile node; its 'node' is an interface of '{MOBILE}'",
            )
        for end in (link.node, link.router):
            if not end.address:
                yield end.name, f"'{end.name}' has no address; both ends of an access link need one"
    if not any(has_address(end) for end in network.interfaces(CORRESPONDENT)):
        yield CORRESPONDENT, f"'{CORRESPONDENT}' has no interface with an address; wire it to the network"


def routes_wrong(network: Network) -> Iterator[Complaint]:
    """Destinations and next hops."""
    for node in network.nodes:
        for route in node.routes:
            if route.to != "default" and not is_valid(ip_network, route.to):
                yield route.to, f"{shown(route.to)} is no destination; write it like 10.1.0.0/24, or 'default'"
            if not is_valid(ip_address, route.via):
                yield route.via, f"{shown(route.via)} is no next hop; write it like 10.1.0.1"
            elif not can_reach(network, node, route.via):
                yield route.via, f"'{node.name}' has no interface to {route.via}; a next hop is in a subnet of the node"


def has_address(end: Interface) -> bool:
    """Whether an interface has IP."""
    return bool(end.address)


def can_reach(network: Network, node: Node, address: str) -> bool:
    """Whether an address is in one of a node's own subnets."""
    subnets = [end.address for end in network.interfaces(node.name) if is_valid(ip_interface, end.address)]
    return any(ip_address(address) in ip_interface(subnet).network for subnet in subnets)


def is_valid(kind: type | object, text: str) -> bool:
    """Whether `kind` (a constructor of the ipaddress module) takes the text."""
    try:
        kind(text)  # type: ignore[operator]
    except ValueError:
        return False
    return True
