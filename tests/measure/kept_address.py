"""Run folders made by hand of a phone whose address is kept below it: what it says goes in tunnels to a home agent.

As in `synthetic`, WiFi takes 2 ms each way and UMTS 110; half a millisecond of that lies between home agent and CN.
"""

from __future__ import annotations

import ipaddress
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import Flag, Key, RegistrationReply, RegistrationRequest

from . import frames
from .frames import MS, START_NS, Frame
from .synthetic import ADDRESS, CN_FIRST_MS, DOCUMENT, MN_FIRST_MS, PACKETS, WAY_MS, Run

if TYPE_CHECKING:
    from pathlib import Path

HOME_ADDRESS, AGENT, ROUTER = "10.10.0.254", "10.10.0.2", "10.1.0.1"
POINT, REGIONAL = "10.0.1.1", "10.0.1.77"
GATEWAYS = {"wifi": "10.0.1.2", "umts": "10.0.2.2"}
WIRE_MS = 0.5
ETHER = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x00"
KEY = Key(256, bytes(16))
FLAGS = Flag.DECAPSULATED_BY_MOBILE_NODE | Flag.REVERSE_TUNNEL


@dataclass
class KeptRun(Run):
    """What its links carry is in tunnels. What is for WiFi's address comes by `sent_on`, if that is one, in two."""

    keeping: dict[str, Any] = field(default_factory=dict)
    sent_on: str = ""
    further_roles: dict[str, Any] = field(default_factory=dict)

    def carry(
        self, payload: bytes, at_ms: float, *, link: str, to_mn: bool, ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True, leaves: bool = True, extra_ms: float = 0,
    ) -> float:  # fmt: skip
        """Send a datagram through the tunnel of a link, or with `arrives` False only as far as the home agent."""
        ends = [(ADDRESS["cn"], ports[0]), (HOME_ADDRESS, ports[1])]
        outer = [AGENT, ADDRESS[link]]
        if not to_mn:
            ends, outer = [(HOME_ADDRESS, ports[0]), (ADDRESS["cn"], ports[1])], outer[::-1]
        inner = frames.ip_udp(ends[0], ends[1], payload)
        in_tunnel = ETHER + ip_in_ip(outer[0], outer[1], inner)
        lands = self.sent_on if to_mn and self.sent_on else link
        arrival_ms = at_ms + WAY_MS[lands] + extra_ms
        first, last = ("cn-eth0", f"mn-{lands}") if to_mn else (f"mn-{link}", "cn-eth0")
        at_agent_ms = at_ms + WIRE_MS if to_mn else arrival_ms - WIRE_MS
        self._see(first, at_ms, ETHER + inner if to_mn else in_tunnel)
        if to_mn or arrives:
            self._see("home-eth0", at_agent_ms, ETHER + inner if to_mn else in_tunnel)
            self._see("home-eth0", at_agent_ms, in_tunnel if to_mn else ETHER + inner)
        elif leaves:  # it comes to an agent that has bound another address, and is dropped
            self._see("home-eth0", at_agent_ms, in_tunnel)
        if lands != link:
            in_tunnel = ETHER + ip_in_ip(ROUTER, ADDRESS[lands], in_tunnel[len(ETHER) :])
        if arrives:
            self._see(last, arrival_ms, in_tunnel if to_mn else ETHER + inner)
        return arrival_ms

    def register(self, at_ms: float, *, link: str, care_of: str = "", lifetime_s: int = 300, code: int = 0) -> float:
        """A registration over a link, and its reply; returns when that comes in."""
        number = int(at_ms)
        care_of = care_of or ADDRESS[link]
        request = RegistrationRequest(FLAGS, lifetime_s, HOME_ADDRESS, AGENT, care_of, number).signed(KEY)
        reply = RegistrationReply(code, lifetime_s, HOME_ADDRESS, AGENT, number).signed(KEY)
        there, back_ms = at_ms + WAY_MS[link], at_ms + 2 * WAY_MS[link]
        for data, source, target, leaves, comes in (
            (request, ADDRESS[link], AGENT, at_ms, there), (reply, AGENT, ADDRESS[link], there, back_ms),
        ):  # fmt: skip
            frame = frames.udp((source, 434), (target, 434), data)
            out, into = (f"mn-{link}", "home-eth0") if target == AGENT else ("home-eth0", f"mn-{link}")
            self._see(out, leaves, frame)
            self._see(into, comes, frame)
        return back_ms

    def write(self, folder: Path, *, merged: bool = False) -> Path:
        """Write the run folder, with a relay and an address that is kept in its manifest."""
        super().write(folder, merged=merged)
        roles: dict[str, Any] = json.loads(json.dumps(DOCUMENT["roles"]))
        roles["mn"] |= {"home_address": HOME_ADDRESS, **self.keeping}
        roles["relay"] = {"interfaces": {"eth0": {"interface": "home-eth0", "address": AGENT}}}
        roles |= self.further_roles
        document = {**DOCUMENT, "scheme": self.scheme, "warnings": self.warnings, "roles": roles}
        (folder / "manifest.json").write_text(json.dumps(document))
        return folder

    def _see(self, interface: str, at_ms: float, frame: bytes) -> None:
        self.captured.setdefault(interface, []).append(Frame(START_NS + round(at_ms * MS), frame))


@dataclass
class HiddenRun(KeptRun):
    """What its links carry is in data messages of WireGuard, whose content nobody can read."""

    keeping: dict[str, Any] = field(default_factory=lambda: {"kept_by": "WireGuard", "inside": "mn-wg"})
    counters: dict[int, int] = field(default_factory=lambda: {7: 0, 8: 0})

    def carry(
        self, payload: bytes, at_ms: float, *, link: str, to_mn: bool, ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True, leaves: bool = True, extra_ms: float = 0,
    ) -> float:  # fmt: skip
        """Send a datagram; with `arrives` False it is lost on the link, with `leaves` False before it."""
        ends = [(ADDRESS["cn"], ports[0]), (HOME_ADDRESS, ports[1])]
        outer = [(AGENT, 51820), (ADDRESS[link], 51820)]
        if not to_mn:
            ends, outer = [(HOME_ADDRESS, ports[0]), (ADDRESS["cn"], ports[1])], outer[::-1]
        inner = ETHER + frames.ip_udp(ends[0], ends[1], payload)
        arrival_ms = at_ms + WAY_MS[link] + extra_ms
        if to_mn:
            self._see("cn-eth0", at_ms, inner)
        clear, hides = ("home-eth0", at_ms + WIRE_MS) if to_mn else ("mn-wg", at_ms)
        self._see(clear, hides, inner)
        if not leaves:
            return arrival_ms
        message = self.message(8 if to_mn else 7, len(inner) - len(ETHER), link)
        hidden = frames.udp(outer[0], outer[1], message)
        self._see("home-eth0" if to_mn else f"mn-{link}", hides + 0.01, hidden)
        if not arrives:
            return arrival_ms
        self._see(f"mn-{link}" if to_mn else "home-eth0", arrival_ms - (0 if to_mn else WIRE_MS), hidden)
        self._see("mn-wg" if to_mn else "home-eth0", arrival_ms - (0 if to_mn else WIRE_MS), inner)
        if not to_mn:
            self._see("cn-eth0", arrival_ms, inner)
        return arrival_ms

    def message(self, receiver: int, size: int, link: str) -> bytes:
        """A data message around a packet of so many bytes; its content tells nothing."""
        del link
        number = self.counters[receiver]
        self.counters[receiver] += 1
        padded = -(-size // 16) * 16
        return struct.pack("<IIQ", 4, receiver, number) + bytes([number % 251] * (padded + 16))


@dataclass
class ProxiedRun(KeptRun):
    """What its links carry is bare; tunnels are between the links' gateways and the home agent."""

    keeping: dict[str, Any] = field(default_factory=lambda: {"kept_by": "Proxy Mobile IPv6", "gateways": GATEWAYS})

    def carry(
        self, payload: bytes, at_ms: float, *, link: str, to_mn: bool, ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True, leaves: bool = True, extra_ms: float = 0,
    ) -> float:  # fmt: skip
        """Send a datagram; with `arrives` False it is lost at the gateway."""
        del leaves
        ends = [(ADDRESS["cn"], ports[0]), (HOME_ADDRESS, ports[1])]
        outer = [AGENT, GATEWAYS[link]]
        if not to_mn:
            ends, outer = [(HOME_ADDRESS, ports[0]), (ADDRESS["cn"], ports[1])], outer[::-1]
        inner = frames.ip_udp(ends[0], ends[1], payload)
        arrival_ms = at_ms + WAY_MS[link] + extra_ms
        first, last = ("cn-eth0", f"mn-{link}") if to_mn else (f"mn-{link}", "cn-eth0")
        at_agent_ms = at_ms + WIRE_MS if to_mn else arrival_ms - WIRE_MS
        self._see(first, at_ms, ETHER + inner)
        if arrives:
            for one in (inner, ip_in_ip(outer[0], outer[1], inner))[:: 1 if to_mn else -1]:
                self._see("home-eth0", at_agent_ms, ETHER + one)
            self._see(last, arrival_ms, ETHER + inner)
        return arrival_ms


@dataclass
class PointRun(KeptRun):
    """What its links carry is in two tunnels: outer ones from an anchor point, and in them that of the home agent."""

    keeping: dict[str, Any] = field(default_factory=lambda: {"kept_by": "Hierarchical Mobile IPv6"})
    further_roles: dict[str, Any] = field(default_factory=lambda: {
        "anchor_point": {
            "regional_address": REGIONAL,
            "interfaces": {
                "wifi": {"interface": "core-wifi", "address": POINT},
                "umts": {"interface": "core-umts", "address": "10.0.2.1"},
            },
        }
    })  # fmt: skip

    def carry(
        self, payload: bytes, at_ms: float, *, link: str, to_mn: bool, ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True, leaves: bool = True, extra_ms: float = 0,
    ) -> float:  # fmt: skip
        """Send a datagram; with `arrives` False it comes no further than to the anchor point."""
        del leaves
        ends = [(ADDRESS["cn"], ports[0]), (HOME_ADDRESS, ports[1])]
        inside, outside = [AGENT, REGIONAL], [POINT, ADDRESS[link]]
        if not to_mn:
            inside, outside = inside[::-1], outside[::-1]
            ends = [(HOME_ADDRESS, ports[0]), (ADDRESS["cn"], ports[1])]
        bare = frames.ip_udp(ends[0], ends[1], payload)
        in_one = ip_in_ip(inside[0], inside[1], bare)
        in_two = ip_in_ip(outside[0], outside[1], in_one)
        arrival_ms = at_ms + WAY_MS[link] + extra_ms
        seen = [("cn-eth0", bare, at_ms), ("home-eth0", bare, at_ms + WIRE_MS / 2),
                ("home-eth0", in_one, at_ms + WIRE_MS / 2), (f"core-{link}", in_two, at_ms + WIRE_MS),
                (f"mn-{link}", in_two, arrival_ms)]  # fmt: skip
        if not to_mn:
            seen = [(where, frame, at_ms + arrival_ms - at) for where, frame, at in reversed(seen)]
        at_point = next(place for place, one in enumerate(seen) if one[0].startswith("core-"))
        for where, frame, at in seen if arrives else seen[: at_point + 1]:
            self._see(where, at, ETHER + frame)
        return arrival_ms


def ip_in_ip(source: str, target: str, inner: bytes) -> bytes:
    """RFC 2003."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, 64, 4, 0) + ends + inner


def begin(scheme: str) -> KeptRun:
    """Registered over the WiFi before the call, and the call set up."""
    run = KeptRun(scheme)
    run.event(0, "lab", "start")
    for link in ("wifi", "umts"):
        run.event(10, "lab", "attached", link=link)
        run.event(20, "mobility", "address", link=link, address=ADDRESS[link])
    run.register(100, link="wifi")
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    return run


def moved_run(*, refused: bool = False) -> KeptRun:
    """Triggered at 6000 ms, registered at once: the downlink moves when the agent has it, the uplink with the reply."""
    run = begin("kept")
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    replied = run.register(6000, link="umts", code=130 if refused else 0)
    if not refused:
        run.event(replied, "mobility", "handover_done", link="umts")
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if refused or sent + WIRE_MS < 6110 else "umts", to_mn=True)
        sent = MN_FIRST_MS + 20 * k
        on_wifi = refused or sent < replied
        run.media(k, link="wifi" if on_wifi else "umts", to_mn=False, arrives=refused or not 6108 <= sent < replied)
    run.bye(15_200, link="wifi" if refused else "umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run


def hidden_run() -> HiddenRun:
    """Triggered at 6000 ms, and the route changed at once: both ways follow with what is sent over it next."""
    run = HiddenRun("hidden")
    run.event(0, "lab", "start")
    for link in ("wifi", "umts"):
        run.event(10, "lab", "attached", link=link)
    mobile, home = (ADDRESS["wifi"], 51820), (AGENT, 51820)
    for kind, size, ends in ((1, 148, (mobile, home)), (2, 92, (home, mobile))):  # a handshake
        shaken = frames.udp(*ends, struct.pack("<I", kind) + bytes(size - 4))
        run.captured.setdefault("mn-wifi", []).append(Frame(START_NS + 100 * MS, shaken))
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    run.event(6000, "mobility", "handover_done", link="umts")
    first_over_umts = next(MN_FIRST_MS + 20 * k for k in range(PACKETS) if MN_FIRST_MS + 20 * k >= 6000)
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        known = first_over_umts + WAY_MS["umts"] - WIRE_MS
        run.media(k, link="wifi" if sent + WIRE_MS < known else "umts", to_mn=True)
        sent = MN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if sent < 6000 else "umts", to_mn=False, arrives=k != 100, leaves=k != 200)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run


def proxied_run() -> ProxiedRun:
    """Triggered at 6000 ms: what is sent leaves by the new link at once, and what comes follows a one-way delay later.

    In between the new gateway drops one packet of the node's.
    """
    run = ProxiedRun("proxied")
    run.event(0, "lab", "start")
    for link in ("wifi", "umts"):
        run.event(10, "lab", "attached", link=link)
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    run.event(6220, "mobility", "handover_done", link="umts", took_s=0.22)
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if sent + WIRE_MS < 6110 else "umts", to_mn=True)
        sent = MN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if sent < 6000 else "umts", to_mn=False, arrives=not 6000 <= sent < 6020)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run


def pointed_run() -> PointRun:
    """Triggered at 6000 ms: the downlink moves when the anchor point knows it, the uplink when its answer is there.

    What has come over the old link in between ends at the anchor point; over the new one a packet to the MN is lost.
    """
    run = PointRun("pointed")
    run.event(0, "lab", "start")
    for link in ("wifi", "umts"):
        run.event(10, "lab", "attached", link=link)
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    run.event(6220, "mobility", "handover_done", link="umts")
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if sent + WIRE_MS < 6110 else "umts", to_mn=True, arrives=k != 500)
        sent = MN_FIRST_MS + 20 * k
        run.media(k, link="wifi" if sent < 6220 else "umts", to_mn=False, arrives=not 6108 <= sent < 6220)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run
