"""Small captures with something of everything in them, to be damaged, and what must hold of what becomes of them."""

from __future__ import annotations

import json
import os
import struct
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agents.rtp.rtcp import CNAME, SenderReport, SourceDescription, build_compound
from testbed.measure import CaptureError, measure_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response
from tests.measure.wire.pieces import SYN, V4, V6, fragments, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

CN, MN = ("10.20.0.2", 40000), ("10.1.0.2", 40002)
ETHERNET = {4: b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0", 6: b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x86\xdd"}
COOKED = {4: b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0", 6: b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x86\xdd"}
COOKED_2 = {4: b"\x08\0\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0", 6: b"\x86\xdd\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0"}
DESCRIPTION = (
    b"v=0\r\no=- 1 1 IN IP4 10.1.0.2\r\ns=-\r\nc=IN IP4 10.1.0.2\r\nt=0 0\r\nm=audio 40002 RTP/AVP 0\r\n"
    b"a=ssrc-group:DUP 4660 4661\r\n"
)


def ip_packets() -> Iterator[bytes]:
    """RTP over IPv4 and IPv6, RTCP, SIP over UDP, in fragments of both families, and over TCP; without link headers."""
    report = SenderReport(0x1234, 1 << 40, 160, 2, 320)
    yield frames.ip_udp(CN, MN, build_compound([report, SourceDescription(((0x1234, ((CNAME, "a@b"),)),))]))
    invite = request("INVITE", "a", 1, branch="b").replace(b"Content-Length: 0\r\n\r\n", b"\r\n" + DESCRIPTION)
    yield frames.ip_udp(*V4, invite)
    yield frames.ip_udp(V4[1], V4[0], response(200, "INVITE", "a", 1, branch="b"))
    yield from fragments(V4, request("BYE", "a", 2, branch="c"), [4, 9])
    yield from fragments(V6, request("BYE", "b", 2, branch="d"), [5])
    cancel = request("CANCEL", "a", 1, branch="e")
    yield segment(V4, 99, b"", flags=SYN)
    yield from (segment(V4, 100 + start, cancel[start:stop]) for start, stop in pairwise((0, 120, len(cancel))))
    for number in range(5):
        yield frames.ip_udp(CN, MN, frames.rtp(65533 + number, number * 160, size=2))
        yield frames.ip_udp(("::1", 1), ("::2", 2), frames.rtp(number, ssrc=0x1235, size=2))


def some_frames(link: dict[int, bytes]) -> list[Frame]:
    """The packets behind a link header, 20 ms apart, media on two interfaces; the first behind a VLAN tag too."""
    made = [
        Frame(START_NS + 20 * MS * place, link[packet[0] >> 4] + packet, interface=place // 14 % 2)
        for place, packet in enumerate(ip_packets())
    ]
    first = made[0].data
    tagged = first[:12] + b"\x81\0\0\7" + first[12:] if link is ETHERNET else first
    return [Frame(made[0].time_ns, tagged), *made[1:]]


def sample(kind: str) -> bytes:
    """Return one of the captures as the bytes of its file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        if kind.startswith("pcapng"):
            order = ">" if "big-endian" in kind else "<"
            frames.write_pcapng(path, ["a", "b"], some_frames(ETHERNET), order=order)
            dropped = struct.pack(order + "III", 0, 0, 0) + frames.option(5, struct.pack(order + "Q", 3), order)
            more = frames.simple(some_frames(ETHERNET)[1], order) + frames.block(5, dropped, order)
            return path.read_bytes() + more + frames.section(order) + frames.interface("c", order=order)
        link = {"pcap": ETHERNET, "cooked": COOKED, "cooked-2": COOKED_2, "raw": {4: b"", 6: b""}}[kind]
        linktype = {"pcap": 1, "cooked": 113, "cooked-2": 276, "raw": 101}[kind]
        frames.write_pcap(path, some_frames(link), linktype=linktype, nanoseconds=kind == "pcap")
        return path.read_bytes()


SAMPLES = {kind: sample(kind) for kind in ("pcap", "pcapng", "pcapng-big-endian", "cooked", "cooked-2", "raw")}


def measure(content: bytes) -> dict[str, Any] | None:
    """Return the result of a file that holds these bytes, or None where it is no capture, which is said in one line.

    Any other exception is a fault, and so is a result that is no JSON. The file is in memory.
    """
    number = os.memfd_create("capture")
    path = Path(f"/proc/self/fd/{number}")
    try:
        os.write(number, content)
        result = measure_capture(path)
    except CaptureError as error:
        result, said = None, str(error)
    else:
        said = ""
    finally:
        os.close(number)
    assert result is not None or (said.startswith(f"{path}: ") and "\n" not in said), said
    json.dumps(result, allow_nan=False)
    return result
