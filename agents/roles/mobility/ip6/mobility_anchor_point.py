"""A mobility anchor point (RFC 5380 6.2): a home agent where the node is, of its regional care-of address.

Updates are signed as those at home are. Not done: detection of duplicates of a regional address, which has one key and
so one node; allocation of it by IKEv2 (R flag); a node that has left the domain and wants packets sent on (section 8).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from agents.mip6.mobility_header import BindingStatus, UpdateFlag
from agents.roles.mobility.ip6.ipv6_home_agent import Ipv6HomeAgent

if TYPE_CHECKING:
    from random import Random

M_AND_A = UpdateFlag.LOCAL | UpdateFlag.ACKNOWLEDGE


class MobilityAnchorPoint(Ipv6HomeAgent):
    """A role. `config` is a home agent's, with regional addresses as `homes`, and the `domain`: its links' prefixes."""

    refuses = "no local binding update"

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config, random)
        self._domain = [ipaddress.IPv6Network(one) for one in config["domain"]]

    @staticmethod
    def _is_mine(flags: UpdateFlag) -> bool:
        """Section 4: both have to be set."""
        return flags & (M_AND_A | UpdateFlag.HOME_REGISTRATION) == M_AND_A

    def _admits(self, care_of: str) -> BindingStatus:
        """Who is on a link of the domain (6.2)."""
        is_here = any(ipaddress.IPv6Address(care_of) in one for one in self._domain)
        return BindingStatus.ACCEPTED if is_here else BindingStatus.PROHIBITED
