"""Run folders made by hand: a call of 14 s whose every packet, and so every number, is known.

WiFi takes 2 ms each way, UMTS 110 ms; so the path step is 108 ms. Media flow from 1 s to 15 s, the CN's packet k leaves
at 1007 + 20 k ms, the MN's at 1003 + 20 k ms. Times are milliseconds since the scenario's start unless they say else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import read_names
from testbed.report.one_run.run_capture import write_run_capture

from . import frames
from .frames import MS, START_NS, Frame
from .sip_text import request, response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAY_MS = {"wifi": 2, "umts": 110}
ADDRESS = {"wifi": "10.1.0.2", "umts": "10.2.0.2", "cn": "10.20.0.2"}
INTERFACES = ("mn-wifi", "mn-umts", "cn-eth0", "core-eth0")
PACKETS = 700
CN_FIRST_MS, MN_FIRST_MS = 1007, 1003
CN_SSRC, MN_SSRC = 0xC0FFEE, 0xBEEF
CN_SEQUENCE, MN_SEQUENCE = 65_400, 10

DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "scheme": "reinvite",
    "seed": 7,
    "engine": "vm",
    "reproducible": True,
    "warnings": [],
    "call": {"packet_interval_ms": 20, "duration_s": 14},
    "roles": {
        "mn": {
            "interfaces": {
                "wifi": {"interface": "mn-wifi", "address": ADDRESS["wifi"]},
                "umts": {"interface": "mn-umts", "address": ADDRESS["umts"]},
            }
        },
        "cn": {"interfaces": {"eth0": {"interface": "cn-eth0", "address": ADDRESS["cn"]}}},
    },
}


@dataclass
class Run:
    """A run in the making."""

    scheme: str
    captured: dict[str, list[Frame]] = field(default_factory=lambda: {name: [] for name in INTERFACES})
    events: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def event(self, at_ms: float, source: str, name: str, **details: object) -> None:
        """Log an event."""
        time_ns = START_NS + round(at_ms * MS)
        self.events.append({"time_ns": time_ns, "t_s": at_ms / 1000, "source": source, "event": name, **details})

    def carry(
        self,
        payload: bytes,
        at_ms: float,
        *,
        link: str,
        to_mn: bool,
        ports: tuple[int, int] = (5060, 5060),
        arrives: bool = True,
        leaves: bool = True,
        extra_ms: float = 0,
    ) -> float:
        """Send a datagram over a link and return when it arrives; `leaves`: the sender's stack let it go."""
        ends = (("cn", "cn-eth0"), (link, f"mn-{link}"))
        (source, out), (destination, into) = ends if to_mn else ends[::-1]
        frame = frames.udp((ADDRESS[source], ports[0]), (ADDRESS[destination], ports[1]), payload)
        arrival_ms = at_ms + WAY_MS[link] + extra_ms
        if leaves:
            self._see(out, at_ms, frame)
            self._see("core-eth0", at_ms + 1, frame)
        if leaves and arrives:
            self._see(into, arrival_ms, frame)
        return arrival_ms

    def _see(self, interface: str, at_ms: float, frame: bytes) -> None:
        self.captured[interface].append(Frame(START_NS + round(at_ms * MS), frame))

    def media(
        self,
        k: int,
        *,
        link: str,
        to_mn: bool,
        arrives: bool = True,
        leaves: bool = True,
        extra_ms: float = 0,
        at_ms: float | None = None,
    ) -> None:
        """Send RTP packet `k` of a direction over a link, at its time, or at another one."""
        first_ms, ssrc, sequence = (CN_FIRST_MS, CN_SSRC, CN_SEQUENCE) if to_mn else (MN_FIRST_MS, MN_SSRC, MN_SEQUENCE)
        payload = frames.rtp(sequence + k, 4_294_900_000 + 160 * k, ssrc=ssrc)
        ports = (40000, 40002) if to_mn else (40002, 40000)
        self.carry(
            payload,
            first_ms + 20 * k if at_ms is None else at_ms,
            link=link,
            to_mn=to_mn,
            ports=ports,
            arrives=arrives,
            leaves=leaves,
            extra_ms=extra_ms,
        )

    def invite(
        self,
        at_ms: float,
        *,
        link: str,
        call_id: str,
        cseq: int,
        tags: tuple[str, str],
        to_tag: str = "",
        extra: str = "",
        status: int = 200,
    ) -> tuple[float, float]:
        """Carry out an INVITE of the MN; return when it reached the CN and when the answer reached the MN."""
        branch = f"z9hG4bK{call_id[0]}{cseq}"
        there = self.carry(
            request("INVITE", call_id, cseq, branch=branch, from_tag=tags[0], to_tag=to_tag, extra=extra),
            at_ms,
            link=link,
            to_mn=False,
        )
        answer = response(status, "INVITE", call_id, cseq, branch=branch, from_tag=tags[0], to_tag=tags[1])
        back = self.carry(answer, there + 2, link=link, to_mn=True)
        ack = request("ACK", call_id, cseq, branch=branch + "ack", from_tag=tags[0], to_tag=tags[1])
        self.carry(ack, back + 2, link=link, to_mn=False)
        return there, back

    def bye(
        self, at_ms: float, *, link: str, call_id: str, cseq: int, tags: tuple[str, str], answered: bool = True
    ) -> tuple[float, float]:
        """Carry out a BYE of the MN; return when it reached the CN and when the 200 reached the MN."""
        branch = f"z9hG4bK{call_id[0]}{cseq}bye"
        bye = request("BYE", call_id, cseq, branch=branch, from_tag=tags[0], to_tag=tags[1])
        there = self.carry(bye, at_ms, link=link, to_mn=False)
        back = there + 1 + WAY_MS[link]
        if answered:
            answer = response(200, "BYE", call_id, cseq, branch=branch, from_tag=tags[0], to_tag=tags[1])
            back = self.carry(answer, there + 1, link=link, to_mn=True)
        return there, back

    def write(self, folder: Path, *, merged: bool = False) -> Path:
        """Write the run folder; with `merged` only run.pcapng and no captures/."""
        captures = folder / "captures"
        captures.mkdir(parents=True)
        for name, made in self.captured.items():
            frames.write_pcap(captures / f"{name}.pcap", sorted(made, key=lambda frame: frame.time_ns))
        events = sorted(self.events, key=lambda event: event["time_ns"])
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        document = {**DOCUMENT, "scheme": self.scheme, "warnings": self.warnings}
        (folder / "manifest.json").write_text(json.dumps(document))
        write_run_capture(RunCaptures(folder), events, folder / "run.pcapng", names=read_names(folder))
        if merged:
            for path in captures.iterdir():
                path.unlink()
            captures.rmdir()
        return folder


def begin(scheme: str) -> Run:
    """Return a run whose call was set up over WiFi: INVITE out at 500 ms, 200 in at 506, ACK out at 508."""
    run = Run(scheme)
    run.event(0, "lab", "start")
    run.event(10, "lab", "attached", link="wifi")
    run.event(20, "lab", "address", link="wifi", address=ADDRESS["wifi"])
    run.invite(500, link="wifi", call_id="a@mn", cseq=1, tags=("mn", "cn"))
    return run


def plain_run(scheme: str = "none") -> Run:
    """A call without a handover, all over WiFi."""
    run = begin(scheme)
    for k in range(PACKETS):
        run.media(k, link="wifi", to_mn=True)
        run.media(k, link="wifi", to_mn=False)
    run.bye(15_200, link="wifi", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    return run


def reinvite_run(trigger_ms: float = 6180) -> Run:
    """Break before make: WiFi is gone at 6000 ms; UMTS attached 2570 ms after the trigger, address 20 ms later."""
    run = begin("reinvite")
    run.event(6000, "lab", "link-down", link="wifi")
    run.event(trigger_ms, "mn", "trigger", kind="link-down", link="wifi")
    attached = trigger_ms + 2570
    run.event(attached, "lab", "attached", link="umts")
    run.event(attached + 20, "lab", "address", link="umts", address=ADDRESS["umts"])
    there, back = run.invite(attached + 24, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"), to_tag="cn")
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        link = "wifi" if sent < there else "umts"
        run.media(k, link=link, to_mn=True, arrives=link == "umts" or sent + WAY_MS["wifi"] < 6000)
        sent = MN_FIRST_MS + 20 * k
        link = "wifi" if sent < back else "umts"
        run.media(k, link=link, to_mn=False, leaves=link == "umts" or sent < 6000)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=3, tags=("mn", "cn"))
    return run


def handover_cn_run(
    *,
    bye_answered: bool = True,
    lost: Callable[[str, bool, int], bool] = lambda _link, _to_mn, _k: False,
    extra_ms: Callable[[str, bool, int], float] = lambda _link, _to_mn, _k: 0.0,
) -> Run:
    """Make before break: trigger at 6000 ms, duplication until the BYE at 7500 ms. `lost` and `extra_ms` spoil it."""
    run = begin("handover-cn")
    run.event(200, "lab", "attached", link="umts")
    run.event(250, "lab", "address", link="umts", address=ADDRESS["umts"])
    run.event(6000, "mn", "trigger", kind="signal", link="wifi")
    handover = "Require: handover\r\nHandover: a@mn;to-tag=cn;from-tag=mn\r\n"
    there, back = run.invite(6004, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=handover)
    stopped, _ = run.bye(7500, link="wifi", call_id="a@mn", cseq=2, tags=("mn", "cn"), answered=bye_answered)
    for k in range(PACKETS):
        for to_mn, first_ms, begins, ends in ((True, CN_FIRST_MS, there, stopped), (False, MN_FIRST_MS, back, 7500)):
            sent = first_ms + 20 * k
            for link, used in (("wifi", sent < ends), ("umts", sent >= begins)):
                if used:
                    arrives, extra = not lost(link, to_mn, k), extra_ms(link, to_mn, k)
                    run.media(k, link=link, to_mn=to_mn, arrives=arrives, extra_ms=extra)
    run.bye(15_200, link="umts", call_id="b@mn", cseq=2, tags=("mn2", "cn2"))
    return run


def there_and_back_run() -> Run:
    """Two re-INVITEs over links that work: at 6000 ms to UMTS, at 10000 ms back to WiFi. Nothing is lost."""
    run = begin("reinvite-soft")
    run.event(200, "lab", "attached", link="umts")
    run.event(250, "lab", "address", link="umts", address=ADDRESS["umts"])
    moves = []
    for cseq, (at_ms, old, new) in enumerate(((6000, "wifi", "umts"), (10_000, "umts", "wifi")), start=2):
        run.event(at_ms, "mn", "trigger", kind="signal", link=old, to=new)
        moves.append((run.invite(at_ms + 4, link=new, call_id="a@mn", cseq=cseq, tags=("mn", "cn"), to_tag="cn"), new))
    for k in range(PACKETS):
        for to_mn, first_ms in ((True, CN_FIRST_MS), (False, MN_FIRST_MS)):
            sent = first_ms + 20 * k
            link = "wifi"
            for (there, back), new in moves:
                link = new if sent >= (there if to_mn else back) else link
            run.media(k, link=link, to_mn=to_mn)
    run.bye(15_200, link="wifi", call_id="a@mn", cseq=4, tags=("mn", "cn"))
    return run
