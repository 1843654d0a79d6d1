"""Protocols whose datagrams fit RTP's header, and are no streams."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.measure.bare import A, B, Bare

if TYPE_CHECKING:
    from pathlib import Path


def streams(folder: Path, payloads: list[bytes], step_ms: float = 1000, port: int = 47808) -> int:
    """Return how many streams are found in such datagrams to one port."""
    bare = Bare()
    for number, payload in enumerate(payloads):
        bare.send(number * step_ms, (A[0], port), (B[0], port), payload)
    return len(bare.measure(folder)["streams"])


def test_bacnet(tmp_path: Path) -> None:
    lengths = (20, 24, 28)
    made = [
        struct.pack(">BBH", 0x81, 0x0B, lengths[n % 3]) + bytes.fromhex("0120ffff00ff1000c4020000") + bytes(16)
        for n in range(30)
    ]
    assert streams(tmp_path, made) == 0


def test_netbios_names(tmp_path: Path) -> None:
    flags = (0x0110, 0x2910, 0x010E)
    made = [
        struct.pack(">HHHHHH", 0x8010, flags[n % 3], 1, 0, 0, 0) + b"\x20" + b"A" * 32 + bytes(5) for n in range(30)
    ]
    assert streams(tmp_path, made, port=137) == 0


def test_dns_with_a_fitting_transaction(tmp_path: Path) -> None:
    made = [struct.pack(">HHHHHH", 0x8000 | n * 37 % 60, 0x0100, 1, 0, 0, 0) + b"\x03www\0\0\1\0\1" for n in range(60)]
    assert streams(tmp_path, made, port=53) == 0


def test_remote_procedure_calls_that_count_up(tmp_path: Path) -> None:
    made = [struct.pack(">IIIIII", 0x80000000 | n, 0, 2, 100003, 3, 1) + bytes(40) for n in range(200)]
    assert streams(tmp_path, made, step_ms=20, port=2049) == 0


def test_random_bytes(tmp_path: Path) -> None:
    made = [bytes([0x80, 0]) + bytes((n * k * 97 + k) % 251 for k in range(30)) for n in range(100)]
    assert streams(tmp_path, made, step_ms=20) == 0


def test_speech_is_one(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(20))
    assert len(bare.measure(tmp_path)["streams"]) == 1
