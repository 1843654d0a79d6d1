"""Mobile IPv4 by way of foreign agents (RFC 5944 3.7): the same, and what ends at an agent, or begins there."""

from __future__ import annotations

from dataclasses import replace

from testbed.attacks.families.mobile_ipv4 import DOWN, TUNNEL, UP, registrations, status_of, tunnel, tunnels
from testbed.attacks.strange_parts import spoken
from testbed.attacks.tried import AFAR, IP4, NEIGHBOUR, NOISE_PACKETS, Sender, Tried

__all__ = ["calls", "status_of"]

PROTOCOL = "Mobile IPv4 with foreign agents"
# Where the tunnel of the MN's first link ends: its agent's own address in the core.
CARE_OF = "10.0.1.2"


def calls(scheme: str) -> list[list[Tried]]:
    """An agent takes out of tunnels what the home agent sent; what is in the MN's name on its link it passes on."""
    del scheme
    speech = Tried(
        "rtp-cn-wifi", IP4.cn, None, "3550 9.2", sender=Sender(NEIGHBOUR, IP4.kept), source_port=f"{{{UP}/source}}",
        port=f"{{{UP}/target}}", speech=UP, parts=(spoken(),), times=NOISE_PACKETS, protocol=PROTOCOL,
    )  # fmt: skip
    at_agent = [tunnel("tunnel-agent", DOWN, CARE_OF, AFAR, TUNNEL, PROTOCOL), replace(speech, effect="heard")]
    return [[*registrations(PROTOCOL, moves=True), *tunnels(PROTOCOL), *at_agent]]
