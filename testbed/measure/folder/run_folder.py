"""What measuring reads of a run folder beside its captures: the manifest, the timeline, the plan's network.

The one place that knows the names of files and of the manifest's fields.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.folder.run_json import read_json, read_text
from testbed.measure.wire.flow_places import FlowPlace, read_flows
from testbed.measure.wire.nat_places import NatPlace, read_nats

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture

MANIFEST, EVENTS, MERGED, CAPTURES = "manifest.json", "events.jsonl", "run.pcapng", "captures"
PLAN, RESULT = "plan.json", "result.json"
OWN_MOBILE = "testbed"
AT_HOME = "home"
MOBILE_IPV4, MOBILE_IPV6, WIREGUARD, MOBIKE = "Mobile IPv4", "Mobile IPv6", "WireGuard", "MOBIKE"
FAST_MOBILE_IPV6, PROXY_MOBILE_IPV6 = "Fast Mobile IPv6", "Proxy Mobile IPv6"
HIERARCHICAL_MOBILE_IPV6, MOBILE_IPV4_FA = "Hierarchical Mobile IPv6", "Mobile IPv4 with foreign agents"
KEPT_BY = (
    MOBILE_IPV4, MOBILE_IPV4_FA, MOBILE_IPV6, FAST_MOBILE_IPV6, HIERARCHICAL_MOBILE_IPV6, PROXY_MOBILE_IPV6, WIREGUARD,
    MOBIKE,
)  # fmt: skip
"""What can keep an address; Mobile IPv4 or IPv6 where a manifest does not say which."""
SCHEMA_VERSION, OLDEST_READ = 1, 1
"""What this program writes into manifest.json and result.json, and the oldest that it reads: docs/run-folder.md."""


@dataclass(frozen=True, slots=True)
class NodePorts:
    """One end of the call: link -> capture interface, and address -> link.

    `kept` is an address that it has wherever it is: packets with it go in others, which have one of the links'. They
    are of the protocol `kept_by`; where they hide what is in them, that was captured at the interface `inside`. Where
    there are `gateways` (address -> link), the others have one of theirs, and end there: it has the packets bare. So it
    has on the `home_link`. A `regional` address is its own in an anchor point's subnet, between the two in tunnels
    within each other.
    """

    interfaces: dict[str, str]
    addresses: dict[str, str]
    kept: str | None = None
    kept_by: str = MOBILE_IPV4
    inside: str | None = None
    gateways: dict[str, str] = field(default_factory=dict)
    regional: str | None = None
    home_link: str | None = None

    @property
    def outer_ends(self) -> dict[str, str]:
        """By what addresses a packet's link is known outside of it: the link's own, or its gateway's."""
        return {**self.addresses, **self.gateways}

    @property
    def places(self) -> dict[str, str]:
        """What to call where an address is: the link that has it, or `home` for the one that is kept."""
        return self.addresses if self.kept is None else {**self.addresses, self.kept: AT_HOME}

    def has(self, ip: str) -> bool:
        """Whether an address is its own."""
        return ip in self.addresses or ip in {self.kept, self.regional}


@dataclass(frozen=True, slots=True)
class Host:
    """A node, with its capture interfaces and the addresses that it has at the start; `forwards`: it is a router."""

    name: str
    interfaces: frozenset[str]
    addresses: frozenset[str]
    forwards: bool = False


class PowerState(NamedTuple):
    """A state of a radio: it falls to the next one after `tail_s` without a packet; the last one has no tail."""

    name: str
    power_w: float
    tail_s: float | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The fields of manifest.json that measuring needs; times in nanoseconds."""

    scheme: str | None
    seed: int | None
    engine: str | None
    reproducible: bool | None
    warnings: tuple[str, ...]
    interval_ns: int
    mn: NodePorts
    cn: NodePorts
    relay: NodePorts | None
    mobile: str | None = None
    """The program that was the mobile node in place of ours."""
    failed: bool = False
    duration_ns: int | None = None
    """How long the call was to last."""
    radios: dict[str, tuple[PowerState, ...]] = field(default_factory=dict)
    """What the radio of a link takes; those of which nobody says are not there."""
    point: NodePorts | None = None
    """The anchor point between the MN and its home agent, at the interfaces by which the MN's links come to it."""

    nats: tuple[NatPlace, ...] = ()
    """The routers that translate addresses."""

    flows: tuple[FlowPlace, ...] = ()
    """What goes beside the call."""

    @property
    def links(self) -> tuple[str, ...]:
        """MN's links, in the manifest's order: the paths of the call."""
        return tuple(self.mn.interfaces)

    @property
    def interface_names(self) -> frozenset[str]:
        """The capture interfaces of both ends, and of the relay between them."""
        nodes = [one for one in (self.mn, self.cn, self.relay, self.point) if one is not None]
        inside = (self.mn.inside,) if self.mn.inside is not None else ()
        return frozenset([*(name for node in nodes for name in node.interfaces.values()), *inside])


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline; `fields` has everything that the line says."""

    time_ns: int
    t_s: float | None
    source: str
    name: str
    fields: dict[str, Any]

    @property
    def link(self) -> str | None:
        """The link that it is about, if any."""
        link = self.fields.get("link")
        return link if isinstance(link, str) else None


def check_version(path: Path, document: dict[str, Any]) -> None:
    """Raise `RunFolderError` unless this program can read a document of this `schema_version`."""
    version = document.get("schema_version")
    if "schema_version" not in document:
        raise RunFolderError(path, "has no schema_version, which every testbed writes: this is not the folder of a run")
    if not isinstance(version, int) or isinstance(version, bool):
        raise RunFolderError(path, f"schema_version is {version!r:.40}, and should be a whole number")
    reads = f"this one reads {OLDEST_READ}" + (f" to {SCHEMA_VERSION}" if OLDEST_READ < SCHEMA_VERSION else "")
    if version > SCHEMA_VERSION:
        raise RunFolderError(path, f"was made by a newer testbed (schema_version {version}; {reads}): use that one")
    if version < OLDEST_READ:
        raise RunFolderError(path, f"was made by an older testbed (schema_version {version}; {reads}): run it anew")


def read_document(folder: Path, name: str = MANIFEST) -> dict[str, Any]:
    """Read manifest.json (or result.json) as it is; `RunFolderError` for none, or a version that can't be read."""
    path = folder / name
    document = _section(path, read_json(path))
    check_version(path, document)
    return document


def others_of(document: dict[str, Any]) -> dict[str, str]:
    """Who has the role of mobile node or correspondent that is not our own agent: role -> name of phone or program."""
    programs = document.get("programs")
    if not isinstance(programs, dict):
        return {}
    return {role: str(document[role]) for role in ("cn", "mn") if role in programs and document.get(role)}


def read_manifest(folder: Path) -> Manifest:
    """Read what measuring needs of manifest.json; `RunFolderError` names what is missing."""
    path = folder / MANIFEST
    document = read_document(folder)
    interval = _section(path, document, "call").get("packet_interval_ms")
    if not isinstance(interval, int | float) or not 0 < interval < math.inf:
        raise RunFolderError(path, f"call.packet_interval_ms is {interval!r}, and should be a time above 0")
    warnings = document.get("warnings", [])
    if not isinstance(warnings, list) or not all(isinstance(one, str) for one in warnings):
        raise RunFolderError(path, "warnings is no list of texts")
    point = _node(path, document, "anchor_point") if "anchor_point" in _section(path, document, "roles") else None
    return Manifest(
        scheme=document.get("scheme"),
        seed=document.get("seed"),
        engine=document.get("engine"),
        reproducible=document.get("reproducible"),
        warnings=tuple(warnings),
        interval_ns=round(interval * 1e6),
        mn=replace(_node(path, document, "mn"), regional=point.regional if point else None),
        cn=_node(path, document, "cn"),
        relay=_node(path, document, "relay") if "relay" in _section(path, document, "roles") else None,
        point=point,
        mobile=_mobile(document),
        failed=document.get("status") == "failed",
        duration_ns=_duration_ns(document),
        radios=_radios(path, document),
        nats=read_nats(path, document),
        flows=read_flows(path, document),
    )


def _radios(path: Path, document: dict[str, Any]) -> dict[str, tuple[PowerState, ...]]:
    try:
        return {
            str(link): tuple(
                PowerState(str(one["state"]), float(one["power_w"]), float(one["tail_s"]) if "tail_s" in one else None)
                for one in states
            )
            for link, states in document.get("radios", {}).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunFolderError(path, f"radios says nothing of radio states: {error!r}") from None


def _duration_ns(document: dict[str, Any]) -> int | None:
    seconds = document["call"].get("duration_s")
    is_time = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < math.inf
    return round(seconds * 1e9) if is_time else None


def _mobile(document: dict[str, Any]) -> str | None:
    name = document.get("mn")
    return name if isinstance(name, str) and name != OWN_MOBILE else None


def _section(path: Path, document: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the object that lies under `names`, one within the other."""
    here: object = document
    for depth, name in enumerate(names, start=1):
        here = here.get(name) if isinstance(here, dict) else None
        if here is None:
            raise RunFolderError(path, f"has no {'.'.join(names[:depth])}")
    if not isinstance(here, dict):
        raise RunFolderError(path, f"{'.'.join(names) or 'the document'} is no object")
    return here


def _node(path: Path, document: dict[str, Any], role: str) -> NodePorts:
    interfaces: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for link in _section(path, document, "roles", role, "interfaces"):
        one = _section(path, document, "roles", role, "interfaces", link)
        if not isinstance(one.get("interface"), str) or not isinstance(one.get("address"), str):
            raise RunFolderError(path, f"roles.{role}.interfaces.{link} needs an interface and an address")
        interfaces[link] = one["interface"]
        addresses[one["address"]] = link
    said = _section(path, document, "roles", role)
    fields = (("home_address", "an address"), ("inside", "a name"), ("regional_address", "an address"))
    kept, inside, regional = (_word(path, said, role, *one) for one in fields)
    usual = MOBILE_IPV6 if kept is not None and ":" in kept else MOBILE_IPV4
    kept_by = _word(path, said, role, "kept_by", "a protocol") or usual
    if kept_by not in KEPT_BY:
        raise RunFolderError(path, f"roles.{role}.kept_by is {kept_by!r}, and should be one of {', '.join(KEPT_BY)}")
    gateways = said.get("gateways", {})
    if not isinstance(gateways, dict) or not all(isinstance(one, str) for one in gateways.values()):
        raise RunFolderError(path, f"roles.{role}.gateways is {gateways!r}, and should be addresses by link")
    home_link = _word(path, said, role, "home_link", "a link")
    ends = {one: link for link, one in gateways.items()}
    return NodePorts(interfaces, addresses, kept, kept_by, inside, ends, regional, home_link)


def _word(path: Path, said: dict[str, Any], role: str, name: str, what: str) -> str | None:
    """A text that a role may have."""
    found = said.get(name)
    if found is not None and not isinstance(found, str):
        raise RunFolderError(path, f"roles.{role}.{name} is {found!r}, and should be {what}")
    return found


def read_hosts(folder: Path) -> tuple[Host, ...]:
    """Read the hosts of the run's network, in its order; none without a plan. `RunFolderError` as ever."""
    return tuple(one for one in read_nodes(folder) if not one.forwards)


def read_nodes(folder: Path) -> tuple[Host, ...]:
    """The same, and the routers among them."""
    path = folder / PLAN
    if not path.exists():
        return ()
    try:
        network = read_json(path)["network"]
        ends = [wire[end] for wire in network["wires"] for end in ("a", "b")]
        ends += [link[end] for link in network["access_links"] for end in ("node", "router") if end in link]
        return tuple(
            Host(
                name=node["name"],
                interfaces=frozenset(end["name"] for end in ends if end["node"] == node["name"]),
                addresses=frozenset(
                    end["address"].partition("/")[0] for end in ends if end["node"] == node["name"] and end["address"]
                ),
                forwards=bool(node["forwards"]),
            )
            for node in network["nodes"]
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunFolderError(path, f"describes no network: {error!r}") from None


def read_names(folder: Path) -> dict[str, str]:
    """Return what to call each address of the run's network, in a fixed order; `RunFolderError` as ever.

    An address of the MN is called like its capture interface (`mn-wifi`), any other like its node (`home`, `wifi-gw`).
    Those that links came to by DHCP or SLAAC are in the timeline; without a plan the addresses of the two ends are all.
    """
    manifest, names = read_manifest(folder), dict[str, str]()
    for node in (manifest.mn, manifest.cn, *([manifest.relay] if manifest.relay else [])):
        for address, link in node.addresses.items():
            interface = node.interfaces[link]
            names[address] = interface if node is manifest.mn else interface.partition("-")[0]
    own = frozenset(manifest.mn.interfaces.values())
    for end in _ends(folder / PLAN):
        if end["address"]:
            names.setdefault(end["address"].partition("/")[0], end["name"] if end["name"] in own else end["node"])
    for event in read_events(folder) if (folder / EVENTS).exists() else []:
        came_by = event.fields.get("address")
        if event.link in manifest.mn.interfaces and isinstance(came_by, str):
            names.setdefault(came_by, manifest.mn.interfaces[event.link])
    return names


def _ends(path: Path) -> list[dict[str, str]]:
    """Return the ends of all wires and access links of the plan's network, each with name, node and address."""
    if not path.exists():
        return []
    try:
        network = read_json(path)["network"]
        ends = [wire[end] for wire in network["wires"] for end in ("a", "b")]
        ends += [link[end] for link in network["access_links"] for end in ("node", "router")]
        return [{name: str(end[name] or "") for name in ("name", "node", "address")} for end in ends]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunFolderError(path, f"describes no network: {error!r}") from None


def read_events(folder: Path) -> list[Event]:
    """Read the timeline in order of time; `RunFolderError` names a line that is none."""
    path = folder / EVENTS
    events = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            seconds = fields.get("t_s")
            events.append(
                Event(
                    time_ns=int(fields["time_ns"]),
                    t_s=None if seconds is None else float(seconds),
                    source=str(fields["source"]),
                    name=str(fields["event"]),
                    fields=fields,
                )
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise RunFolderError(path, f"line {number} is no event: {error!r}") from None
    return sorted(events, key=lambda event: event.time_ns)


def scenario_start_ns(events: list[Event], capture: Capture) -> int:
    """Return when the scenario's seconds begin: from the earliest event that has both times, else the first packet."""
    both = [event for event in events if event.t_s is not None]
    if not both:
        return capture.start_ns
    nearest = min(both, key=lambda event: abs(event.t_s or 0.0))
    return nearest.time_ns - round((nearest.t_s or 0.0) * 1e9)
