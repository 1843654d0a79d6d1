"""Wireshark's command-line tools as a second opinion. They must be there: a skipped check looks like a passed one."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_STREAM = re.compile(
    r"^\s*[\d.]+\s+[\d.]+\s+(?P<src>\S+)\s+(?P<sport>\d+)\s+(?P<dst>\S+)\s+(?P<dport>\d+)\s+(?P<ssrc>0x[0-9A-F]+)"
    r"\s+(?P<payload>\S+)\s+(?P<packets>\d+)\s+(?P<lost>-?\d+) \([^)]*\)"
    r"\s+[\d.]+\s+[\d.]+\s+(?P<delta>[\d.]+)\s+[\d.]+\s+(?P<mean>[\d.]+)\s+(?P<max>[\d.]+)"
)


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
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, timeout=120)
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
