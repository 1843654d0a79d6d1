"""IKEv2's messages at the mobile node's interfaces, each with what answered it, made by scapy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from scapy.contrib.ikev2 import IKEv2
from scapy.packet import Raw

from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import NodePorts
from testbed.measure.mobility.key_exchanges import MOVES_S, IkeHeader, find_key_exchanges, parse_header
from testbed.measure.mobility.seen_registration import SeenHandshake, SeenRegistration
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path


CARE_OF, AGENT = "10.2.0.2", "10.10.0.2"
MANIFEST = SimpleNamespace(mn=NodePorts({"umts": "mn-umts"}, {CARE_OF: "umts"}, "10.10.0.254"))
SPI = b"\x11" * 8
SA_INIT, INFORMATIONAL = 34, 37


def message(exchange: int, number: int, content: int, *, answers: bool = False) -> bytes:
    """With so many bytes behind the header."""
    flags = ["Response"] if answers else ["Initiator"]
    return bytes(
        IKEv2(init_SPI=SPI, resp_SPI=b"\x22" * 8, exch_type=exchange, flags="+".join(flags), id=number,
              next_payload=46, length=28 + content) / Raw(bytes(content))
    )  # fmt: skip


def seen(tmp_path: Path, *said: tuple[bool, int, bytes]) -> list[SeenRegistration | SeenHandshake]:
    """Of messages as (whether it is the MN's, port, bytes), a microsecond after each other."""
    made = []
    for number, (is_ours, port, data) in enumerate(said):
        here, there = (CARE_OF, port), (AGENT, port)
        source, destination = (here, there) if is_ours else (there, here)
        marked = (bytes(4) if port == 4500 else b"") + data
        made.append(Frame(START_NS + number * 1000, frames.udp(source, destination, marked), 0))
    capture = read_capture(frames.write_pcapng(tmp_path / "a.pcapng", ["mn-umts"], made))
    return find_key_exchanges(capture, decode_udp(capture), MANIFEST)  # type: ignore[arg-type]


def asked(tmp_path: Path, *said: tuple[bool, int, bytes]) -> list[SeenRegistration]:
    found = seen(tmp_path, *said)
    assert all(isinstance(one, SeenRegistration) for one in found)
    return [one for one in found if isinstance(one, SeenRegistration)]


def test_requests_have_their_answers_on_both_ports(tmp_path: Path) -> None:
    first, second = asked(
        tmp_path,
        (True, 500, message(SA_INIT, 0, 434)),
        (False, 500, message(SA_INIT, 0, 442, answers=True)),
        (True, 4500, message(INFORMATIONAL, 2, 132)),
        (False, 4500, message(INFORMATIONAL, 2, 132, answers=True)),
    )
    assert (first.lifetime_s, first.messages, first.bytes, first.succeeded) == (0, 2, 462 + 470, True)
    assert (second.link, second.care_of, second.lifetime_s) == ("umts", CARE_OF, MOVES_S)
    assert (second.asked_ns, second.answered_ns, second.bytes) == (START_NS + 2000, START_NS + 3000, 320)


def test_who_only_asks_whether_there_is_a_way_moves_nothing(tmp_path: Path) -> None:
    (one,) = asked(tmp_path, (True, 4500, message(INFORMATIONAL, 2, 52)))
    assert (one.lifetime_s, one.messages, one.succeeded) == (0, 1, False)


def test_an_answer_counts_with_the_last_sending_before_it(tmp_path: Path) -> None:
    move = message(INFORMATIONAL, 3, 132)
    first, second = asked(
        tmp_path, (True, 4500, move), (True, 4500, move), (False, 4500, message(INFORMATIONAL, 3, 132, answers=True))
    )
    assert (first.answered_ns, second.answered_ns) == (None, START_NS + 2000)


def test_what_the_other_end_asks_is_no_request_of_the_mobile_nodes(tmp_path: Path) -> None:
    said = (False, 4500, message(INFORMATIONAL, 0, 52)), (True, 4500, message(INFORMATIONAL, 0, 52, answers=True))
    assert seen(tmp_path, *said) == [
        SeenHandshake("umts", START_NS, 80),
        SeenHandshake("umts", START_NS + 1000, 80),
    ]


@pytest.mark.parametrize("data", [b"", bytes(4), b"\xff", bytes(28), message(SA_INIT, 0, 0)[:27]])
def test_what_is_no_message_is_none(data: bytes) -> None:
    assert parse_header(data) is None


def test_the_header_is_scapys() -> None:
    """Oracle: RFC 7296, 3.1, as scapy makes it."""
    whole = message(INFORMATIONAL, 7, 52, answers=True)
    assert parse_header(whole) == parse_header(bytes(4) + whole) == IkeHeader(SPI, INFORMATIONAL, True, 7, 80)
