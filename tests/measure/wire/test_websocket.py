"""SIP over WebSocket (RFC 7118): masked and plain frames, messages in pieces, control frames between."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.headers.wrapping import MACS
from tests.measure.sip_text import request, response

if TYPE_CHECKING:
    from pathlib import Path

PHONE, SERVER = ("192.0.2.10", 40060), ("198.51.100.20", 80)
KEY = b"\x11\x22\x33\x44"
UPGRADE = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"


def frame(payload: bytes, *, first: int = 0x81, masked: bool = True) -> bytes:
    """A frame (RFC 6455, 5.2); `first` is FIN and the opcode."""
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
    head = bytes([first, length[0] | 0x80 * masked]) + length[1:]
    if not masked:
        return head + payload
    return head + KEY + bytes(byte ^ key for byte, key in zip(payload, itertools.cycle(KEY), strict=False))


def segments(*sent: tuple[bool, bytes]) -> list[Frame]:
    """A connection: who sent what (True: the phone), one segment every 10 ms."""
    numbers, made = {True: 1, False: 1}, []
    for at, (by_phone, payload) in enumerate(sent):
        ends = (PHONE, SERVER) if by_phone else (SERVER, PHONE)
        head = struct.pack(">HHIIBBHHH", ends[0][1], ends[1][1], numbers[by_phone], 0, 0x50, 0x18, 1000, 0, 0)
        whole = bytearray(frames.ip_udp(*ends, b""))[:20]
        whole[2:4], whole[9] = struct.pack(">H", 40 + len(payload)), 6
        made.append(Frame(START_NS + at * 10 * MS, MACS + b"\x08\0" + bytes(whole) + head + payload))
        numbers[by_phone] += len(payload)
    return made


INVITE, BYE = (request(name, "ws@phone", n, branch=f"z9hG4bK{n}") for n, name in ((1, "INVITE"), (2, "BYE")))
OK, OVER = (response(200, name, "ws@phone", n, branch=f"z9hG4bK{n}") for n, name in ((1, "INVITE"), (2, "BYE")))
PLAIN = frame(OK, masked=False)
CONNECTIONS = {
    "from its beginning": [(True, UPGRADE), (False, ACCEPTED), (True, frame(INVITE)), (False, PLAIN)],
    "joined in the middle": [(True, frame(INVITE)), (False, PLAIN)],
    "binary": [(True, frame(INVITE, first=0x82)), (False, frame(OK, first=0x82, masked=False))],
    "in several frames, a ping between": [
        (True, UPGRADE),
        (True, frame(INVITE[:30], first=0x01) + frame(b"ping", first=0x89)),
        (True, frame(INVITE[30:60], first=0x00) + frame(INVITE[60:], first=0x80)),
        (False, ACCEPTED + PLAIN),
    ],
    "frames cut by segments": [
        (True, UPGRADE),
        (True, frame(INVITE)[:3]),
        (True, frame(INVITE)[3:100]),
        (True, frame(INVITE)[100:]),
        (False, ACCEPTED + PLAIN[:50]),
        (False, PLAIN[50:]),
    ],
    "several in one segment, keep-alives before": [
        (True, UPGRADE),
        (False, ACCEPTED),
        (True, frame(b"\r\n\r\n") + frame(INVITE)),
        (False, PLAIN),
    ],
}


def measured(tmp_path: Path, made: list[Frame]) -> dict[str, Any]:
    return measure_capture(frames.write_pcap(tmp_path / "ws.pcap", made))


@pytest.mark.parametrize("name", CONNECTIONS)
def test_messages_are_found_in_the_frames(name: str, tmp_path: Path) -> None:
    sent = [*CONNECTIONS[name], (True, frame(BYE)), (False, frame(OVER, masked=False))]
    result = measured(tmp_path, segments(*sent))
    assert [(one["method"], one["status"], one["src"]) for one in result["sip"]] == [
        ("INVITE", 200, "192.0.2.10:40060"),
        ("BYE", 200, "192.0.2.10:40060"),
    ]
    assert result["unread"] == {}


def test_a_websocket_of_something_else_is_unread(tmp_path: Path) -> None:
    other = UPGRADE.replace(b": sip", b": chat")
    result = measured(tmp_path, segments((True, other), (True, frame(b"hello")), (False, frame(b"hi", masked=False))))
    assert (result["sip"], result["unread"]) == ([], {"TCP in which no SIP was found": 3})
