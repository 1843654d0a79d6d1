"""Wireshark's command-line tools as a second opinion. They must be there: a skipped check looks like a passed one."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

_STREAM = re.compile(
    r"^\s*[\d.]+\s+[\d.]+\s+(?P<src>\S+)\s+(?P<sport>\d+)\s+(?P<dst>\S+)\s+(?P<dport>\d+)\s+(?P<ssrc>0x[0-9A-F]+)"
    r"\s+(?P<payload>\S+)\s+(?P<packets>\d+)\s+(?P<lost>-?\d+) \([^)]*\)"
    r"\s+[\d.]+\s+[\d.]+\s+(?P<delta>[\d.]+)\s+[\d.]+\s+(?P<mean>[\d.]+)\s+(?P<max>[\d.]+)"
)


_COUNTED = re.compile(r"^\s*(?:SIP (?P<status>\d{3}) .*|(?P<method>[A-Z]+)\s*)\s:\s+(?P<count>\d+) Packets")
_RESENT = re.compile(r"^Number of resent SIP messages: (\d+)", re.MULTILINE)
_MESSAGES = re.compile(r"^Number of SIP messages: (\d+)", re.MULTILINE)
_SETUPS = re.compile(r"Min (\d+) ms\s+Max (\d+) ms")


@dataclass(frozen=True)
class SipStatistics:
    """`tshark -q -z sip,stat` of a capture; `setups_ms` are its shortest and its longest set-up time, None without."""

    messages: int
    resent: int
    requests: dict[str, int]
    responses: dict[str, int]
    setups_ms: tuple[int, int] | None


@dataclass(frozen=True)
class SipLine:
    """What tshark reads in one SIP message; `status` is '' in a request, `size` its UDP payload."""

    time_ns: int
    src: str
    dst: str
    method: str
    status: str
    call_id: str
    cseq: str
    size: int


@dataclass(frozen=True)
class RtpStream:
    """One line of `tshark -q -z rtp,streams`; times in ms."""

    src: str
    dst: str
    ssrc: str
    packets: int
    lost: int
    max_delta: float
    mean_jitter: float
    max_jitter: float


def run(tool: str, *arguments: str) -> str:
    """Return the standard output of one of Wireshark's tools."""
    assert shutil.which(tool), f"{tool} is missing: sudo apt-get install -y tshark"
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rtp_streams(path: Path) -> list[RtpStream]:
    """Return the RTP streams that tshark finds in a capture by its own heuristics."""
    found = []
    for line in run("tshark", "-r", str(path), "-q", "--enable-heuristic", "rtp_udp", "-z", "rtp,streams").splitlines():
        match = _STREAM.match(line)
        if match:
            found.append(
                RtpStream(
                    src=f"{match['src']}:{match['sport']}",
                    dst=f"{match['dst']}:{match['dport']}",
                    ssrc=match["ssrc"].lower(),
                    packets=int(match["packets"]),
                    lost=int(match["lost"]),
                    max_delta=float(match["delta"]),
                    mean_jitter=float(match["mean"]),
                    max_jitter=float(match["max"]),
                )
            )
    return found


def sip_statistics(path: Path) -> SipStatistics:
    """Return how many SIP messages of which kind tshark counts in a capture."""
    said = run("tshark", "-r", str(path), "-q", "-z", "sip,stat")
    counted = [match for line in said.splitlines() if (match := _COUNTED.match(line))]
    messages, resent, setups = _MESSAGES.search(said), _RESENT.search(said), _SETUPS.search(said)
    assert messages is not None, said
    assert resent is not None, said
    return SipStatistics(
        messages=int(messages[1]),
        resent=int(resent[1]),
        requests={one["method"]: int(one["count"]) for one in counted if one["method"]},
        responses={one["status"]: int(one["count"]) for one in counted if one["status"]},
        setups_ms=None if setups is None else (int(setups[1]), int(setups[2])),
    )


def sip_lines(path: Path) -> list[SipLine]:
    """Return the SIP messages that tshark finds in a capture, in its order."""
    names = ("frame.time_epoch", "ip.src", "ip.dst", "sip.Method", "sip.Status-Code", "sip.Call-ID", "sip.CSeq")
    wanted = [word for name in (*names, "udp.length") for word in ("-e", name)]
    found = []
    for line in run("tshark", "-r", str(path), "-Y", "sip", "-T", "fields", *wanted).splitlines():
        at, src, dst, method, status, call_id, cseq, length = line.split("\t")
        second, _, fraction = at.partition(".")
        time_ns = int(second) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])
        found.append(SipLine(time_ns, src, dst, method, status, call_id, cseq, int(length) - 8))
    return found
