"""SIP messages are found among other datagrams, and requests meet their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from testbed.measure.capture.pcap import read_capture
from testbed.measure.sip.scan import SipMessage, find_sip
from testbed.measure.sip.transactions import across_interfaces, pair
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response

if TYPE_CHECKING:
    from pathlib import Path

MN, CN = ("10.1.0.2", 5060), ("10.20.0.2", 5060)


def out(at_ms: float, payload: bytes, interface: int = 0) -> Frame:
    return Frame(START_NS + round(at_ms * MS), frames.udp(MN, CN, payload), interface)


def back(at_ms: float, payload: bytes, interface: int = 0) -> Frame:
    return Frame(START_NS + round(at_ms * MS), frames.udp(CN, MN, payload), interface)


def messages(path: Path) -> list[SipMessage]:
    capture = read_capture(path)
    return find_sip(capture, decode_udp(capture))


def call_setup(interface: int = 0, delay_ms: float = 0, trip_ms: float = 40) -> list[Frame]:
    """An INVITE that is lost once and answered with 180 and 200, and an ACK."""
    invite = request("INVITE", "a@mn", 1, branch="z9hG4bK1")
    return [
        out(0 + delay_ms, invite, interface),
        out(500 + delay_ms, invite, interface),
        back(500 + trip_ms, response(180, "INVITE", "a@mn", 1, branch="z9hG4bK1"), interface),
        back(600 + trip_ms, response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1"), interface),
        back(1100 + trip_ms, response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1"), interface),
        out(641 + delay_ms, request("ACK", "a@mn", 1, branch="z9hG4bK2", to_tag="cn"), interface),
    ]


def test_what_measuring_needs_is_read(tmp_path: Path) -> None:
    extra = "Handover: a@mn;to-tag=x;from-tag=y\r\nVia: SIP/2.0/UDP 9.9.9.9;branch=z9hG4bKother\r\n"
    path = frames.write_pcap(
        tmp_path / "a.pcap",
        [
            out(0, request("INVITE", "b@mn", 7, branch="z9hG4bKa", extra=extra)),
            back(5, response(200, "INVITE", "b@mn", 7, branch="z9hG4bKa")),
        ],
    )
    invite, ok = messages(path)
    assert (invite.method, invite.status, invite.call_id, invite.cseq) == ("INVITE", None, "b@mn", 7)
    assert (invite.from_tag, invite.to_tag, invite.branch) == ("mn", "", "z9hG4bKa")
    assert invite.handover == "a@mn;to-tag=x;from-tag=y"
    assert (invite.source, invite.destination) == (MN, CN)
    assert invite.size == len(request("INVITE", "b@mn", 7, branch="z9hG4bKa", extra=extra))
    assert (ok.method, ok.status, ok.reason, ok.to_tag) == ("INVITE", 200, "Whatever", "cn")
    assert ok.transaction == invite.transaction
    assert (invite.is_request, ok.is_request, ok.is_final) == (True, False, True)


@pytest.mark.parametrize(
    ("body", "direction"),
    [
        ("", ""),
        ("v=0\r\nm=audio 4000 RTP/AVP 0\r\n", "sendrecv"),
        ("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=ptime:20\r\na=sendonly\r\n", "sendonly"),
        ("v=0\na=inactive\nm=audio 4000 RTP/AVP 0\n", "inactive"),
        ("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonlyish\r\n", "sendrecv"),
        ("a plain text\r\n", ""),
    ],
)
def test_the_direction_of_the_sdp_is_read(tmp_path: Path, body: str, direction: str) -> None:
    extra = "Require: handover\r\nm: <sip:mn@x>;if_q=1\r\nUnsupported: 100rel\r\n"
    payload = request("INVITE", "b@mn", 7, branch="z9hG4bKa", extra=extra) + body.encode()
    (invite,) = messages(frames.write_pcap(tmp_path / "a.pcap", [out(0, payload)]))
    assert invite.direction == direction
    assert (invite.require, invite.contact, invite.unsupported) == ("handover", "<sip:mn@x>;if_q=1", "100rel")


@pytest.mark.parametrize(
    "payload",
    [
        b"GET / HTTP/1.1\r\n\r\n plus something",
        b"SIP/2.0 999 Never\r\nCSeq: 1 INVITE\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nCall-ID: no cseq\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nCSeq: many INVITE\r\n\r\n",
        b"HELLO WORLD, HELLO WORLD",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_sip_is_passed_over(tmp_path: Path, payload: bytes) -> None:
    assert messages(frames.write_pcap(tmp_path / "a.pcap", [out(0, payload)])) == []


def test_a_transaction_lasts_from_the_first_request_to_the_first_final_response(tmp_path: Path) -> None:
    path = frames.write_pcap(tmp_path / "a.pcap", sorted(call_setup(), key=lambda frame: frame.time_ns))
    (one,) = pair(messages(path))
    assert (one.took_ns, one.repeats, one.succeeded) == (640 * MS, 1, True)


def test_a_request_without_an_answer_has_no_duration(tmp_path: Path) -> None:
    path = frames.write_pcap(
        tmp_path / "a.pcap",
        [
            out(0, request("BYE", "a@mn", 2, branch="z9hG4bK3", to_tag="cn")),
            back(9, response(100, "BYE", "a@mn", 2, branch="z9hG4bK3")),
            out(10, response(200, "BYE", "a@mn", 2, branch="z9hG4bK3")),  # the wrong way
            back(11, response(200, "BYE", "a@mn", 2, branch="z9hG4bK4")),  # another transaction's
        ],
    )
    (one,) = pair(messages(path))
    assert (one.final, one.took_ns, one.succeeded) == (None, None, False)


def test_across_interfaces_a_transaction_is_that_of_its_client(tmp_path: Path) -> None:
    made = call_setup(interface=1) + call_setup(interface=0, delay_ms=20, trip_ms=20)
    made.sort(key=lambda frame: frame.time_ns)
    path = frames.write_pcapng(tmp_path / "a.pcapng", ["cn-eth0", "mn-wifi"], made)
    found = pair(messages(path))
    assert len(found) == 2
    (one,) = across_interfaces(found)
    assert (one.request.interface, one.took_ns) == (1, 640 * MS)
    (entry,) = measure_capture(path)["sip"]
    assert entry == {
        "method": "INVITE",
        "cseq": 1,
        "call_id": "a@mn",
        "src": "10.1.0.2:5060",
        "dst": "10.20.0.2:5060",
        "interface": "mn-wifi",
        "request_s": 0.0,
        "final_s": 0.64,
        "ms": 640.0,
        "status": 200,
        "retransmissions": 1,
    }
