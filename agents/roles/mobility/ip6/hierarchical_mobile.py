"""What keeps a mobile node's home address by Hierarchical Mobile IPv6 (RFC 5380), below a phone.

What moves between the links is its regional address, as a home address does by Mobile IPv6. Its home address is at the
end of a tunnel from that one, and the home agent hears nothing of moves.
"""

from __future__ import annotations

from typing import Any

from agents.roles.mobility.ip6.hierarchical_binding import regional_address
from agents.roles.mobility.mobile import MobileSystem


class HierarchicalMobileSystem(MobileSystem):
    """A role. `config` says besides which anchor point there is, the key, and the node's interface identifier."""

    is_for_programs = False

    @staticmethod
    def _kept(config: dict[str, Any]) -> str:
        return regional_address(config["anchor_point"]["address"], config["interface_identifier"])
