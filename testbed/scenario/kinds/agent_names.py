"""What agents are called that are neither end of the call, and which of them a run has."""

from collections.abc import Iterable

from agents.roles.mn.schemes import SchemeRow
from agents.roles.mobility.protocol_rows import PROTOCOLS
from testbed.scenario.kinds.scenario import OWN_REGISTRARS
from testbed.scenario.kinds.topology import AGENTS

B2BUA, REGISTRAR, HOME_AGENT, MOBILITY = "b2bua", "registrar", "home-agent", "mobility"
ONE = "one"
BINDING_CACHE, ACCESS_ROUTER, ANCHOR_POINT = "binding-cache", "access-router", "anchor-point"


def kept_by(scheme: SchemeRow) -> str:
    """The protocol that keeps the address, by its name in the register of those."""
    return str((scheme.below or {})["protocol"])


def has_routers(row: SchemeRow) -> bool:
    """Whether the access links' routers take part in what keeps the mobile node's address."""
    return row.is_anchored and bool(PROTOCOLS[kept_by(row)].router)


def has_anchor_point(row: SchemeRow) -> bool:
    """Whether the router where the ways from the access links meet takes part in it."""
    return row.is_anchored and bool(PROTOCOLS[kept_by(row)].point)


def comes_home(row: SchemeRow) -> bool:
    """Whether one of the mobile node's links may be its home network: with one address bound at a time, at the most."""
    return row.is_anchored and PROTOCOLS[kept_by(row)].comes_home and (row.below or {}).get("bindings") == ONE


def router_of(link: str) -> str:
    """What the agent of an access link's router is called."""
    return f"{ACCESS_ROUTER}-{link}"


def has_advertisers(row: SchemeRow) -> bool:
    """Whether routers that advertise themselves say where that router is."""
    return row.is_anchored and bool(PROTOCOLS[kept_by(row)].advertiser)


def agents_of(row: SchemeRow, registrar: str, links: Iterable[str], advertised: Iterable[str]) -> list[str]:
    """All that can die: both ends, and what a scheme and a registrar of ours need beside them.

    `links` are the two that the call is on, `advertised` those of them whose routers advertise themselves.
    """
    found = list(AGENTS)
    if row.is_bridged:
        found.append(B2BUA)
    if registrar in OWN_REGISTRARS:
        found.append(REGISTRAR)
    if row.is_anchored:
        found += [HOME_AGENT, MOBILITY]
    if row.optimises:
        found.append(BINDING_CACHE)
    if has_anchor_point(row):
        found.append(ANCHOR_POINT)
    if has_routers(row):
        found += map(router_of, links)
    if has_advertisers(row):
        found += map(router_of, advertised)
    return found
