"""Wireshark's command-line tools as a second opinion. They must be there: a skipped check looks like a passed one."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.measure.frames import MS, START_NS, Frame, rtp, udp, write_pcap
from tests.patience import PATIENCE_S

HEURISTIC = ("--enable-heuristic", "rtp_udp")

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
    """Return the RTP streams that tshark finds in a capture by its own heuristics.

    Where its version has its own way with late packets (see `Statistics`), the numbers are RFC 3550's over the packets
    that it lists, after a check that its own are what that way gives.
    """
    found = [_stream(match) for line in _streams(path) if (match := _STREAM.match(line))]
    return [_as_the_rfc_counts(one, path) for one in found] if leaves_out_late_packets() else found


def _streams(path: Path) -> list[str]:
    return run("tshark", "-r", str(path), "-q", *HEURISTIC, "-z", "rtp,streams").splitlines()


def _stream(match: re.Match[str]) -> RtpStream:
    return RtpStream(
        src=f"{match['src']}:{match['sport']}",
        dst=f"{match['dst']}:{match['dport']}",
        ssrc=match["ssrc"].lower(),
        packets=int(match["packets"]),
        lost=int(match["lost"]),
        max_delta=float(match["delta"]),
        mean_jitter=float(match["mean"]),
        max_jitter=float(match["max"]),
    )


# -- late packets, as versions count them -----------------------------------------------------------------------------


@dataclass
class Statistics:
    """What a stream's arrivals give, one after the other; times in ms.

    RFC 3550, 6.4.1 and A.8: J changes with each arrival, "not necessarily in sequence", by the change of transit since
    the one before. tshark 4.0 does that. 4.4 lets a packet that comes after a later one change J, but leaves that J and
    its delta out of means and maxima (where the mean so far stands in), and takes the next packet's change and delta
    from the one before the late one.
    """

    leaves_out_late: bool
    jitter: float = 0.0
    mean_jitter: float = 0.0
    max_jitter: float = 0.0
    max_delta: float = 0.0
    arrivals: int = 0

    def count(self, packets: list[RtpLine]) -> Statistics:
        """Count all packets of a stream, and return itself."""
        last = packets[0]
        for one in packets[1:]:
            delta = one.at - last.at
            self.jitter += (abs(delta - last.media_ms_until(one)) - self.jitter) / 16
            self.arrivals += 1
            if self.leaves_out_late and last.is_after(one):
                continue
            self.mean_jitter += (self.jitter - self.mean_jitter) / self.arrivals
            self.max_jitter = max(self.max_jitter, self.jitter)
            self.max_delta = max(self.max_delta, delta)
            last = one
        return self


@dataclass(frozen=True)
class RtpLine:
    """What tshark reads in one RTP packet; `at` in ms, `timestamp` in its clock of 8 kHz."""

    at: float
    number: int
    timestamp: int

    def media_ms_until(self, other: RtpLine) -> float:
        """Return the speech between two packets, in ms."""
        step = (other.timestamp - self.timestamp) & 0xFFFFFFFF
        return (step - (1 << 32) if step >= 1 << 31 else step) / 8

    def is_after(self, other: RtpLine) -> bool:
        """Whether this one was sent after the other."""
        return (other.number - self.number) & 0xFFFF >= 1 << 15


def _as_the_rfc_counts(stream: RtpStream, path: Path) -> RtpStream:
    packets = rtp_lines(path, stream)
    if not any(one.is_after(other) for one, other in pairwise(packets)):
        return stream
    theirs, right = (Statistics(leaves_out).count(packets) for leaves_out in (True, False))
    for name in ("mean_jitter", "max_jitter", "max_delta"):
        assert abs(getattr(stream, name) - getattr(theirs, name)) < 0.002, (path, stream, theirs)
    return replace(stream, mean_jitter=right.mean_jitter, max_jitter=right.max_jitter, max_delta=right.max_delta)


def rtp_lines(path: Path, stream: RtpStream) -> list[RtpLine]:
    """Return the packets of a stream, as they came."""
    names = ("frame.time_epoch", "rtp.seq", "rtp.timestamp")
    wanted = [word for name in names for word in ("-e", name)]
    (src, sport), (dst, dport) = (one.rsplit(":", 1) for one in (stream.src, stream.dst))
    ip = "ipv6" if ":" in src else "ip"
    which = f"rtp.ssrc == {stream.ssrc} && {ip}.src == {src} && udp.srcport == {sport} && {ip}.dst == {dst}"
    lines = run(
        "tshark", "-r", str(path), *HEURISTIC, "-Y", f"{which} && udp.dstport == {dport}", "-T", "fields", *wanted
    )
    cells = [line.split("\t") for line in lines.splitlines()]
    return [RtpLine(_ns(at) / 1e6, int(number), int(timestamp)) for at, number, timestamp in cells]


@cache
def leaves_out_late_packets() -> bool:
    """Whether the tshark that is here does; found out with five packets, of which the third comes last but one."""
    clock = [(0, 0), (20, 1), (60, 3), (65, 2), (80, 4)]
    packets = [
        Frame(START_NS + at * MS, udp(("10.0.0.1", 4000), ("10.0.0.2", 4000), rtp(number, 160 * number)))
        for at, number in clock
    ]
    with TemporaryDirectory() as folder:
        (line,) = [line for line in _streams(write_pcap(Path(folder) / "late.pcap", packets)) if _STREAM.match(line)]
    match = _STREAM.match(line)
    assert match is not None
    return float(match["delta"]) == 40.0 and float(match["max"]) < 2.8


def _ns(epoch: str) -> int:
    second, _, fraction = epoch.partition(".")
    return int(second) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])


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
        found.append(SipLine(_ns(at), src, dst, method, status, call_id, cseq, int(length) - 8))
    return found
