"""The register of handover schemes: one row each, in the order in which tables have them. Everybody else reads it."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from agents.roles.mn.schemes.scheme import API_VERSION, Scheme

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from agents.roles.mn.call.call import Call


class Home(StrEnum):
    """Who stands between the two ends of the call, in the home network."""

    NOBODY = "nobody"
    B2BUA = "B2BUA"
    RELAY = "media relay"
    AGENT = "home agent"
    TURN = "TURN server"


LOST: Mapping[str, object] = {"on": "link-down"}
FALLING: Mapping[str, object] = {"on": "signal", "below": "-60 dBm"}


class SchemeRow(NamedTuple):
    """All that is to be known of a scheme.

    `api` is the version of the interface that it was written for. `scheme` is its class; of ours, where that is: only
    the one that is wanted gets loaded. `trigger`, as a scenario writes it, and `attach`, when the new link is attached,
    hold where a scenario says nothing; so does `copies`, when media go over both links, of a scheme that has a dialog
    which stands by. `below` says how the node's system keeps its address below a phone that knows nothing of it: what
    `agents.roles.mobility` is to do. `always_bridges`: the B2BUA takes the media of every call, without asking
    the peer whether it can hand over itself. `checks_pairs`: media go over pairs that ICE has checked.
    """

    api: int
    about: str
    scheme: type[Scheme] | str
    home: Home = Home.NOBODY
    always_bridges: bool = False
    trigger: Mapping[str, object] = LOST
    attach: Literal["beforehand", "when-triggered"] = "when-triggered"
    copies: Literal["always", "at-risk", "on-silence"] | None = None
    below: Mapping[str, object] | None = None
    checks_pairs: bool = False

    @property
    def setting(self) -> dict[str, object]:
        """How it is done where a scenario says nothing of it, as one would write it there."""
        return {"trigger": dict(self.trigger), "attach": self.attach, "copies": self.copies}

    @property
    def is_bridged(self) -> bool:
        """Whether the B2BUA sits in the call, and the correspondent knows nothing of handovers."""
        return self.home is Home.B2BUA

    @property
    def is_anchored(self) -> bool:
        """Whether a home agent takes the mobile node's packets, and the call knows nothing of handovers."""
        return self.home is Home.AGENT

    @property
    def ip(self) -> int | None:
        """The version of IP that it is for; None where it makes no difference."""
        return None if self.below is None else int(str(self.below.get("ip", 4)))

    @property
    def moved_by(self) -> str:
        """The protocol that moves a call of it: one below the phone, TURN or ICE for its media, or SIP alone."""
        if self.below is not None:
            return str(self.below["protocol"])
        return "TURN" if self.is_by_turn else "ICE" if self.checks_pairs else "SIP"

    @property
    def optimises(self) -> bool:
        """Whether the correspondent's system, below its phone, is told where the mobile node is."""
        return self.below is not None and bool(self.below.get("optimises"))

    @property
    def is_relayed(self) -> bool:
        """Whether Kamailio and rtpengine, which relays the media, have the B2BUA's place."""
        return self.home is Home.RELAY

    @property
    def is_by_turn(self) -> bool:
        """Whether the mobile node's media go by way of a TURN server, and its signalling does not."""
        return self.home is Home.TURN

    def wrong(self) -> str:
        """What is wrong with a row that a user made; nothing where nothing is."""
        if not (isinstance(self.scheme, type) and issubclass(self.scheme, Scheme)):
            name = getattr(self.scheme, "__name__", repr(self.scheme))
            return f"scheme={name} is no class that inherits from Scheme; write one"
        if self.home not in tuple(Home):
            return f"home={self.home!r} is not possible; write {', '.join(map(repr_of, Home))}"
        if (self.home is Home.AGENT) != (self.below is not None):
            return f"home={repr_of(Home.AGENT)} and below=… belong together; write both, or none"
        if self.checks_pairs and self.home is not Home.RELAY:
            return f"checks_pairs=True belongs to home={repr_of(Home.RELAY)}; write both, or leave it out"
        return ""

    def loaded(self) -> type[Scheme]:
        """Its class."""
        if isinstance(self.scheme, str):
            module, _, name = self.scheme.partition(":")
            found: type[Scheme] = getattr(import_module(module), name)
            return found
        return self.scheme


def repr_of(home: Home) -> str:
    """As one writes it."""
    return f"Home.{home.name}"


HERE = "agents.roles.mn.schemes"
SCHEMES: dict[str, SchemeRow] = {
    "reinvite": SchemeRow(
        API_VERSION,
        "break before make: attach, then re-INVITE (RFC 3261; the paper's baseline)",
        f"{HERE}.reinvite:Reinvite",
    ),
    "reinvite-soft": SchemeRow(  # the same steps; how early they come is all the difference
        API_VERSION,
        "make before break: the re-INVITE goes over the new link while the old one still works",
        f"{HERE}.reinvite:Reinvite",
        trigger=FALLING,
        attach="beforehand",
    ),
    "media-handover": SchemeRow(
        API_VERSION,
        "what can be had today: the media come from elsewhere, and an unmodified media relay learns it",
        f"{HERE}.media_handover:MediaHandover",
        home=Home.RELAY,
        trigger=FALLING,
        attach="beforehand",
    ),
    "turn-mobility": SchemeRow(
        API_VERSION,
        "the same with a key: a TURN server moves the media by a ticket that it gave (RFC 8016)",
        f"{HERE}.turn_mobility:TurnMobility",
        home=Home.TURN,
        trigger=FALLING,
        attach="beforehand",
    ),
    "ice-restart": SchemeRow(
        API_VERSION,
        "what WebRTC phones do: other names and passwords by re-INVITE, then checks of the new way (RFC 8445 9)",
        f"{HERE}.ice_restart:IceRestart",
        home=Home.RELAY,
        trigger=FALLING,
        attach="beforehand",
        checks_pairs=True,
    ),
    "proactive": SchemeRow(
        API_VERSION,
        "a backup session with the B2BUA, made in advance and activated by the handover (paper, Figure 6)",
        f"{HERE}.proactive:Proactive",
        home=Home.B2BUA,
        always_bridges=True,
        trigger=FALLING,
        attach="beforehand",
    ),
    "handover-cn": SchemeRow(
        API_VERSION,
        "make before break: INVITE with the Handover header, both links carry media (paper, Figure 7)",
        f"{HERE}.handover_cn:HandoverCn",
        trigger=FALLING,
        attach="beforehand",
    ),
    "handover-b2bua": SchemeRow(  # for the MN it is the same: who assists is whoever has its dialog
        API_VERSION,
        "the same with any phone as correspondent: the home network's B2BUA assists (paper, Figure 8)",
        f"{HERE}.handover_cn:HandoverCn",
        home=Home.B2BUA,
        trigger=FALLING,
        attach="beforehand",
    ),
    "handover-standby": SchemeRow(
        API_VERSION,
        "a second dialog stands by from the beginning; who hears nothing sends over both links (beyond the paper)",
        f"{HERE}.handover_standby:HandoverStandby",
        trigger=FALLING,
        attach="beforehand",
        copies="at-risk",
    ),
    "handover-standby-b2bua": SchemeRow(  # for the MN it is the same, as above
        API_VERSION,
        "the same with any phone as correspondent: the home network's B2BUA does what it would do",
        f"{HERE}.handover_standby:HandoverStandby",
        home=Home.B2BUA,
        trigger=FALLING,
        attach="beforehand",
        copies="at-risk",
    ),
    "mipv4": SchemeRow(
        API_VERSION,
        "Mobile IPv4 (RFC 5944): the home agent tunnels to the care-of address that was registered last",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv4", "ip": 4, "bindings": "one"},
    ),
    "mipv4-bicast": SchemeRow(
        API_VERSION,
        "the same with simultaneous bindings (its S bit): the home agent tunnels a copy to both care-of addresses",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv4", "ip": 4, "bindings": "two-moving"},
    ),
    "mipv4-always": SchemeRow(
        API_VERSION,
        "the same with both care-of addresses bound all the time: every packet goes through both tunnels",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv4", "ip": 4, "bindings": "all"},
    ),
    "mipv4-fa": SchemeRow(
        API_VERSION,
        "mipv4 with foreign agents: the routers of the links advertise, pass on registrations, and end the tunnel",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv4 with foreign agents", "ip": 4, "bindings": "one"},
    ),
    "mipv6": SchemeRow(
        API_VERSION,
        "Mobile IPv6 (RFC 6275): the home agent tunnels to the care-of address that was registered last",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv6", "ip": 6, "bindings": "one"},
    ),
    "mipv6-ro": SchemeRow(
        API_VERSION,
        "the same with route optimisation: the correspondent's system sends straight to the care-of address",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv6", "ip": 6, "bindings": "one", "optimises": True},
    ),
    "mipv6-bicast": SchemeRow(
        API_VERSION,
        "mipv6 with two bindings while it moves (RFC 5648): the home agent tunnels a copy to both, which is ours",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Mobile IPv6", "ip": 6, "bindings": "two-moving"},
    ),
    "fmipv6": SchemeRow(
        API_VERSION,
        "mipv6 with fast handovers (RFC 5568): the router that is left sends on to the next one, which holds it back",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Fast Mobile IPv6", "ip": 6, "bindings": "one"},
    ),
    "hmipv6": SchemeRow(
        API_VERSION,
        "mipv6 with a local home agent (RFC 5380): a move within its domain is told to that one, and not at home",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Hierarchical Mobile IPv6", "ip": 6, "bindings": "one"},
    ),
    "pmipv6": SchemeRow(
        API_VERSION,
        "Proxy Mobile IPv6 (RFC 5213): access routers tell the anchor where the node is, which knows nothing of it",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Proxy Mobile IPv6", "ip": 6, "handoff": 2},
    ),
    "pmipv6-unknown": SchemeRow(
        API_VERSION,
        "the same where they do not know that the node comes from another link: the anchor waits for that one's word",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "Proxy Mobile IPv6", "ip": 6, "handoff": 4},
    ),
    "wireguard": SchemeRow(
        API_VERSION,
        "a tunnel by WireGuard: the home network sends to wherever the last authentic packet came from",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "WireGuard", "ip": 4},
    ),
    "mobike": SchemeRow(
        API_VERSION,
        "a tunnel by IPsec whose ends IKEv2 moves (MOBIKE, RFC 4555), as operators have it for calls over WiFi",
        f"{HERE}.unaware:Unaware",
        home=Home.AGENT,
        trigger=FALLING,
        attach="beforehand",
        below={"protocol": "MOBIKE", "ip": 4},
    ),
}
"""Ours, by name. In an agent, those that its user brought follow."""

BASELINE = "reinvite"
"""What the others are compared with, where it is there: RFC 3261's own way."""


def make_scheme(name: str, call: Call) -> Scheme:
    """The scheme of that name; raises KeyError for one that there is not."""
    return SCHEMES[name].loaded()(call)
