"""The register of attacks: by what moves a scheme's calls, who says what is tried on them, and how answers are read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from agents.roles.mn.schemes import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.attacks.tried import Tried, When
    from testbed.lab.plan import AttackStep

HERE = "testbed.attacks.families"
BEGINS_S: dict[When, float] = {"first link": 2.0, "handover": 10.5, "second link": 20.0}
"""When what is tried begins: the call is handed over between 11 and 13 s, and what was said then is old by the last."""


class Family(NamedTuple):
    """A module: its `calls` gives what is tried under a scheme, by the call that it is tried on.

    `status_of` reads the status in an answer; it has none where all that is sent is SIP or speech.
    """

    module: str

    def loaded(self) -> ModuleType:
        """The module; only those that are wanted get loaded."""
        return import_module(self.module)


FAMILIES = {
    "SIP": Family(f"{HERE}.sip_and_rtp"),
    "Mobile IPv4": Family(f"{HERE}.mobile_ipv4"),
    "Mobile IPv4 with foreign agents": Family(f"{HERE}.visited_agents"),
    "Mobile IPv6": Family(f"{HERE}.mobile_ipv6"),
    "Fast Mobile IPv6": Family(f"{HERE}.fast_handovers"),
    "Hierarchical Mobile IPv6": Family(f"{HERE}.regional_bindings"),
    "Proxy Mobile IPv6": Family(f"{HERE}.proxies"),
    "WireGuard": Family(f"{HERE}.wireguard_packets"),
    "MOBIKE": Family(f"{HERE}.exchanged_keys"),
    "TURN": Family(f"{HERE}.turn"),
    "ICE": Family(f"{HERE}.ice"),
}
"""By what moves a scheme's calls (SchemeRow.moved_by)."""


def calls(scheme: str) -> list[list[Tried]]:
    """All attacks under a scheme, by the call that they are tried on; none where nobody has written any.

    What ends a call, or moves it, is tried on one of its own.
    """
    family = FAMILIES.get(SCHEMES[scheme].moved_by)
    if family is None:
        return []
    found: list[list[Tried]] = family.loaded().calls(scheme)
    return found


def reader_of(protocol: str) -> Callable[[StrangePacket], int | None]:
    """Who reads answers of a protocol."""
    found: Callable[[StrangePacket], int | None] = FAMILIES[protocol].loaded().status_of
    return found


def attack_steps(tried: list[Tried]) -> list[AttackStep]:
    """One after the other, each while the call is where it has to be."""
    found, at_s = [], dict(BEGINS_S)
    for one in tried:
        found += one.steps(at_s[one.when])
        at_s[one.when] += one.slot_s
    return found
