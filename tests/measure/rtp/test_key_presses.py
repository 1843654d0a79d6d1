"""Key presses: in a stream beside speech, alone, and in INFO requests."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from tests.measure import frames
from tests.measure.bare import SSRC, A, B, Bare, of
from tests.measure.sip_text import request, with_body

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = ("a=rtpmap:101 telephone-event/8000",)


def pressed(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    (stream,) = result["streams"]
    return [of(one, "digit", "at_s", "duration_ms", "complete") for one in stream["dtmf"]]


def test_keys_beside_speech(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    bare.rtp(range(50), 100)
    bare.press(1100, 50, 8000, 5, ends=3)
    bare.rtp(range(56, 100), 1240, stamp=9120)
    bare.press(2120, 100, 16160, 11)
    result = bare.measure(tmp_path)
    assert pressed(result) == [("5", 1.1, 80, True), ("#", 2.12, 80, True)]
    assert of(result["streams"][0]["dtmf"][0], "volume_dbm0", "packets") == (-10, 6)
    assert of(result["streams"][0], "packets", "lost", "dtmf_unread") == (104, 0, 0)


def test_the_same_key_twice_is_two_presses_and_a_lost_end_is_told(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    bare.press(100, 1, 800, 1)
    bare.press(300, 5, 2400, 1, ends=0)
    assert pressed(bare.measure(tmp_path)) == [("1", 0.1, 80, True), ("1", 0.3, 80, False)]


def test_a_long_press_is_told_of_in_segments(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    bare.press(100, 1, 800, 15, (32000, 0xFFFF), ends=0)
    bare.press(8300, 3, 800 + 0xFFFF, 15, (400, 1600))
    assert pressed(bare.measure(tmp_path)) == [("D", 0.1, (0xFFFF + 1600) / 8, True)]


def test_keys_alone_that_nobody_announced(tmp_path: Path) -> None:
    bare = Bare()
    for packet in range(8):
        payload = frames.rtp(8155 + packet, 43200, payload_type=101, size=0) + struct.pack(">BBH", 7, 10, packet * 160)
        bare.send(20 * packet, A, B, payload)
    for again in range(3):
        payload = frames.rtp(8163, 43200, payload_type=101, size=0) + struct.pack(">BBH", 7, 0x8A, 1280)
        bare.send(160 + again / 10, A, B, payload)
    result = bare.measure(tmp_path)
    assert pressed(result) == [("7", 0, 160, True)]
    assert of(result["streams"][0], "packets", "unique", "duplicates", "lost", "found") == (11, 9, 2, 0, "regularity")


@pytest.mark.parametrize("duration", [0, 320])
def test_four_bytes_that_do_not_grow_are_no_keys(tmp_path: Path, duration: int) -> None:
    bare = Bare()
    for packet in range(20):
        payload = frames.rtp(packet, 43200, payload_type=101, size=0) + struct.pack(">BBH", 7, 10, duration)
        bare.send(20 * packet, A, B, payload)
    assert bare.measure(tmp_path)["streams"] == []


def test_a_header_extension_and_padding_are_no_payload(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    for packet in range(3):
        head = struct.pack(">BBHII", 0xB0, 101, packet, 800, SSRC) + b"\xbe\xde\0\1\x10\x30\0\0"
        bare.send(100 + 20 * packet, A, B, head + struct.pack(">BBH", 3, 10, 160 * packet) + b"\0\0\0\4")
    assert pressed(bare.measure(tmp_path)) == [("3", 0.1, 40, False)]


def test_what_is_encrypted_is_told_and_not_read(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    bare.rtp(range(50), 100)
    bare.press(1100, 50, 8000, 5, more=bytes(10))
    result = bare.measure(tmp_path)
    assert (pressed(result), result["streams"][0]["dtmf_unread"]) == ([], 4)
    assert "4 packets of key presses could not be read" in result["warnings"][0]


@pytest.mark.parametrize(
    ("kind", "body", "digit", "duration_ms"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5", 160),
        ("Application/DTMF-Relay; charset=x", b"Signal= *\nDuration= 250\n", "*", 250),
        ("application/dtmf-relay", b"Signal=11", "#", None),
        ("application/dtmf", b"a\r\n", "A", None),
        ("application/dtmf-relay", b"Duration=160\r\n", None, None),
        ("application/media_control+xml", b"Signal=5\r\n", None, None),
    ],
)
def test_keys_in_info(tmp_path: Path, kind: str, body: bytes, digit: str | None, duration_ms: int | None) -> None:
    bare = Bare()
    bare.call()
    message = request(
        "INFO", "one", 2, branch="z9hG4bKinfo", from_tag="a", to_tag="b", extra=f"Content-Type: {kind}\r\n"
    )
    for at_ms in (2000, 2500):
        bare.send(at_ms, (A[0], 5060), (B[0], 5060), with_body(message, body))
    result = bare.measure(tmp_path)["dialogs"][0]["dtmf"]
    told = [{"digit": digit, "at_s": 2.0, "by": "caller", "duration_ms": duration_ms, "status": None}]
    assert result == (told if digit else []), "sent again is not pressed again"
