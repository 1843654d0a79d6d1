"""A link that is the mobile node's home: bare packets on it, at both of its ends, and coming back is a registration."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from agents.mip.mip_messages import Flag, RegistrationReply, RegistrationRequest
from testbed.measure.result.run import measure_run
from tests.measure import frames
from tests.measure.kept_address import AGENT, ETHER, HOME_ADDRESS, KEY, WIRE_MS, KeptRun
from tests.measure.synthetic import ADDRESS, CN_FIRST_MS, MN_FIRST_MS, PACKETS, WAY_MS

if TYPE_CHECKING:
    from pathlib import Path

OUT_MS, BACK_MS = 6000, 10_000


@dataclass
class HomeRun(KeptRun):
    """WiFi is at home; the home agent is the router there, with `home-air` on it and `home-eth0` to all others."""

    keeping: dict[str, Any] = field(default_factory=lambda: {"home_link": "wifi"})

    def carry(
        self, payload: bytes, at_ms: float, *, link: str, to_mn: bool, ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True, leaves: bool = True, extra_ms: float = 0,
    ) -> float:  # fmt: skip
        """Send a datagram; with `arrives` False it is dropped by the home agent."""
        if link != "wifi":
            return super().carry(payload, at_ms, link=link, to_mn=to_mn, ports=ports, arrives=arrives)
        ends = [(ADDRESS["cn"], ports[0]), (HOME_ADDRESS, ports[1])]
        if not to_mn:
            ends = [(HOME_ADDRESS, ports[0]), (ADDRESS["cn"], ports[1])]
        bare, arrival_ms = ETHER + frames.ip_udp(ends[0], ends[1], payload), at_ms + WAY_MS[link]
        ways = ["cn-eth0", "home-eth0", "home-air", "mn-wifi"][:: 1 if to_mn else -1]
        times = [at_ms, *[at_ms + WIRE_MS if to_mn else arrival_ms - WIRE_MS] * 2, arrival_ms]
        for interface, seen_ms in list(zip(ways, times, strict=True))[: 4 if arrives else 2]:
            self._see(interface, seen_ms, bare)
        return arrival_ms

    def come_home(self, at_ms: float) -> float:
        """A registration for no time, from the home address; returns when its reply comes in."""
        request = RegistrationRequest(Flag.REVERSE_TUNNEL, 0, HOME_ADDRESS, AGENT, HOME_ADDRESS, int(at_ms)).signed(KEY)
        reply = RegistrationReply(0, 0, HOME_ADDRESS, AGENT, int(at_ms)).signed(KEY)
        self._see("mn-wifi", at_ms, frames.udp((HOME_ADDRESS, 434), (AGENT, 434), request))
        self._see("mn-wifi", at_ms + 4, frames.udp((AGENT, 434), (HOME_ADDRESS, 434), reply))
        return at_ms + 4

    def write(self, folder: Path, *, merged: bool = False) -> Path:
        """With both of the home agent's interfaces in the manifest."""
        super().write(folder, merged=merged)
        document = json.loads((folder / "manifest.json").read_text())
        document["roles"]["relay"]["interfaces"] = {
            "wifi": {"interface": "home-air", "address": "10.10.0.1"},
            "eth1": {"interface": "home-eth0", "address": AGENT},
        }
        (folder / "manifest.json").write_text(json.dumps(document))
        return folder


def there_and_back() -> HomeRun:
    """Away by UMTS from 6 to 10 s."""
    run = HomeRun("kept")
    run.event(0, "lab", "start")
    for link in ("wifi", "umts"):
        run.event(10, "lab", "attached", link=link)
        run.event(20, "mobility", "address", link=link, address=ADDRESS[link])
    run.come_home(100)
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    run.event(OUT_MS, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    gone = run.register(OUT_MS, link="umts")
    run.event(gone, "mobility", "handover_done", link="umts")
    run.event(BACK_MS, "mobility", "trigger", kind="signal", link="umts", to="wifi")
    came = run.come_home(BACK_MS)
    run.event(came, "mobility", "handover_done", link="wifi")
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        run.media(k, link="umts" if OUT_MS + 110 <= sent + WIRE_MS < BACK_MS + 2 else "wifi", to_mn=True)
        sent = MN_FIRST_MS + 20 * k
        is_away = gone <= sent < BACK_MS
        lost = (OUT_MS + 108 <= sent < gone) or (is_away and sent + 110 > BACK_MS + 2)
        run.media(k, link="umts" if is_away else "wifi", to_mn=False, arrives=not lost)
    run.bye(15_200, link="wifi", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run


def test_bare_packets_are_on_the_home_link_and_tunnels_on_theirs(tmp_path: Path) -> None:
    result = measure_run(there_and_back().write(tmp_path / "run"))
    for way, lost in (("to_mn", 0), ("to_cn", 11)):
        media = result["media"][way]
        assert (media["sent"], media["lost"]) == (700, pytest.approx(lost, abs=1)), way
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"], way
        assert [media["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0], way
        assert media["paths"]["wifi"]["lost"] == 0, way
    assert not [one for one in result["warnings"] if "not captured" in one]


def test_coming_home_is_a_registration_of_its_link(tmp_path: Path) -> None:
    out, back = measure_run(there_and_back().write(tmp_path / "run"))["handovers"]
    assert [(one["outcome"], one["old_path"], one["new_path"]) for one in (out, back)] == [
        ("done", "wifi", "umts"), ("done", "umts", "wifi"),
    ]  # fmt: skip
    assert [one["signalling"]["delay_ms"] for one in (out, back)] == [220.0, 4.0]
