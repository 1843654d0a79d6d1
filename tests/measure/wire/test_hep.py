"""HEP: what a capture agent sends of others is measured as if it had been seen where the agent saw it."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.headers.wrapping import hep3
from tests.measure.sip_text import request, response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLER, CALLEE = ("192.0.2.10", 5060), ("198.51.100.20", 5060)
AGENT, HOMER = ("203.0.113.5", 40000), ("203.0.113.9", 9060)


def hep1(source: tuple[str, int], destination: tuple[str, int], payload: bytes, *, version: int = 1) -> bytes:
    """Version 1, or 2 with the time behind the header."""
    ends = b"".join(ipaddress.ip_address(end[0]).packed for end in (source, destination))
    head = struct.pack(">BBBBHH", version, 16, 2, 17, source[1], destination[1]) + ends
    return head + (bytes(12) if version == 2 else b"") + payload


def measured(tmp_path: Path, wrap: Callable[..., bytes]) -> dict[str, Any]:
    asked = request("INVITE", "hep@agent", 1, branch="z9hG4bKa")
    answered = response(200, "INVITE", "hep@agent", 1, branch="z9hG4bKa")
    sent = [(CALLER, CALLEE, asked), (CALLEE, CALLER, answered)]
    made = [Frame(START_NS + n * 50 * MS, frames.udp(AGENT, HOMER, wrap(*one))) for n, one in enumerate(sent)]
    return measure_capture(frames.write_pcap(tmp_path / "hep.pcap", made))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_addresses_are_those_of_the_packet_that_was_sent_on(version: int, tmp_path: Path) -> None:
    wrap = hep3 if version == 3 else lambda *one: hep1(*one, version=version)
    result = measured(tmp_path, wrap)
    (found,) = result["sip"]
    assert (found["src"], found["dst"], found["status"], found["ms"]) == (
        "192.0.2.10:5060",
        "198.51.100.20:5060",
        200,
        50.0,
    )
    assert (result["encapsulations"], result["unread"]) == ({"HEP": 2}, {})


@pytest.mark.parametrize(
    ("kind", "why"),
    [(15, "HEP without a payload"), (3, "HEP without addresses"), (16, "HEP with a compressed payload")],
)
def test_what_cannot_be_read_is_told(kind: int, why: str, tmp_path: Path) -> None:
    def spoilt(*one: Any) -> bytes:  # noqa: ANN401 - as of the function around which it is
        packet = hep3(*one)
        was = 15 if kind == 16 else kind
        return packet.replace(struct.pack(">HH", 0, was), struct.pack(">HH", 0, 16 if kind == 16 else 0x7F))

    assert measured(tmp_path, spoilt)["unread"] == {why: 2}
