"""What is fuzzed: each target takes any bytes, and lets no exception out but for a bug.

What the parsers say of bad bytes is caught; what holds of good ones is asserted.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from agents.media.sources import groups_of
from agents.rtp.packet import PCMU, RtpPacket, RtpParseError
from agents.rtp.receiver import StreamReceiver
from agents.rtp.rtcp import is_rtcp, parse_compound
from agents.rtp.rtcp_xr import RtcpParseError
from agents.sdp.audio import Endpoint, agreed_numbering, agreed_stream, make_answer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError, SdpParseError
from agents.sip.digest.challenge import challenges
from agents.sip.digest.client import Account, DigestClient
from agents.sip.digest.server import DigestServer
from agents.sip.message.address import TCP, Address
from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.framing import Framer, FramingError
from agents.sip.message.handover import OPTION_TAG, handover_of
from agents.sip.message.message import Message, Request
from agents.sip.session import events
from agents.sip.session.abilities import Abilities, SessionInterval
from agents.sip.session.refresh import SessionExpires, min_se
from agents.sip.user_agent import UserAgent
from testbed.files.written_by_users import failure, profile
from tests.agents.sip.message.torture import FOLDER
from tests.agents.sip.messages import MESSAGES
from tests.agents.sip.network import ANSWER, OFFER
from tests.fuzz.user_files import (
    CSV,
    FAILURES,
    MAHIMAHI,
    NETWORK_JSON,
    PROFILES,
    PUBLISHED,
    RUN_SEEDS,
    WORDS,
    build_topology,
    in_scenario,
    read_run,
    read_trace,
)
from tests.measure.capture.damage import SAMPLES, measure

if TYPE_CHECKING:
    from collections.abc import Callable

SIP = (*MESSAGES, *(path.read_bytes() for path in sorted(FOLDER.glob("*.dat"))))
HERE, THERE = Address("192.0.2.1", 5060), Address("192.0.2.2", 5060)
SERVER, CLIENT = DigestServer("", {"": ""}, Random(1)), DigestClient([Account("a", "b")], Random(1))
RTP = bytes.fromhex("90803039 00000001 00000002 abac0001 00000000") + bytes(160)
RTCP = bytes.fromhex(
    "80c80006 00000001 00000002 00000003 00000004 00000005 00000006"
    "81c90007 00000001 00000002 40fffffc 0001000a 00000010 12345678 00010000"
    "81ca0005 00000001 010b 6d6e4031302e302e302e31 00 0000 81cb0001 00000001"
)
TOKENS = (
    "\r\n",
    "\r\n ",
    "SIP/2.0",
    "SIP/2.0/UDP ",
    "Via: ",
    "From: ",
    "To: ",
    "Call-ID: ",
    "CSeq: ",
    "Contact: ",
    "Route: ",
    "Record-Route: ",
    "Content-Length: ",
    "Content-Type: application/sdp",
    "Require: ",
    "Supported: timer",
    "Handover: ",
    "Session-Expires: ",
    "Min-SE: ",
    "Expires: ",
    "Authorization: Digest ",
    "WWW-Authenticate: Digest ",
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    ";tag=",
    ";branch=z9hG4bK",
    ";received=",
    ";rport",
    ";lr",
    ";maddr=",
    ";transport=tcp",
    ";to-tag=",
    ";from-tag=",
    "<sip:",
    "sips:",
    "tel:",
    "[::1]",
    "192.0.2.1",
    "nonce=",
    "qop=auth",
    "*",
    "v=0",
    "o=- 1 1 IN IP4 192.0.2.1",
    "c=IN IP4 ",
    "m=audio 4000 RTP/AVP 0",
    "a=rtpmap:",
    "a=sendonly",
    "t=0 0",
    "s=-",
)


class Target(NamedTuple):
    """One of them, and what to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    #: Of all inputs: an agent and a capture take a hundred times as long for one as a parser.
    share: float
    #: Bytes.
    largest: int = 2048
    #: What an input may be put together from.
    words: tuple[str, ...] = TOKENS
    #: Inputs of one process: Atheris never lets go of what a comparison of numpy's arrays gave.
    at_once: int = 1 << 30


def parse_sip(data: bytes) -> None:
    """A datagram: every accessor of what was parsed, and the same again after printing."""
    try:
        message = Message.parse(data)
    except SipParseError:
        return
    for name in dir(type(message)):
        getattr(message, name)
    for field in ("www-authenticate", "proxy-authenticate", "authorization", "proxy-authorization"):
        challenges(message.headers, field)
    SessionExpires.of(message)
    min_se(message)
    if isinstance(message, Request):
        with suppress(RemoteProtocolError):
            handover_of(message, in_dialog=False)
        with suppress(RemoteProtocolError):
            SERVER.check(message, now=0.0)
    else:
        request = Request("INVITE", "sip:a@b")
        CLIENT.answer(request, message, set())
    printed = bytes(message)
    assert Message.parse(printed) == message


def cut_stream(data: bytes) -> None:
    """A stream: the same messages and pings, however it is cut; the first byte says into what."""
    stream = data[1:]
    size = max(data[0] + 1 if data else 1, len(stream) // 16)
    outcomes = []
    for step in (size, len(stream) + 1):
        framer, messages, pings = Framer(), [], 0
        fault = ""
        try:
            for start in range(0, len(stream), step):
                framer.push(stream[start : start + step])
                while (message := framer.next_message()) is not None:
                    messages.append(message)
                pings += framer.take_pings()
        except FramingError as error:
            fault = error.what
        outcomes.append((messages, fault, pings if not fault else 0))
    assert outcomes[0] == outcomes[1]
    assert sum(map(len, outcomes[0][0])) <= len(stream)


def feed_agent(data: bytes) -> None:
    """A user agent: several messages over both transports, and all that time brings; nothing is left of it."""
    abilities = Abilities((OPTION_TAG,), ("REGISTER", "MESSAGE"), session_interval=SessionInterval(None))
    agent = UserAgent(Random(1), abilities)
    now = 0.0
    for number, message in enumerate(data.split(b"\0\0")):
        remote = Address("192.0.2.2", 33333, TCP) if number % 2 else THERE
        agent.receive_datagram(message, local=HERE, remote=remote, now=now)
        take_events(agent, now)
        for datagram in agent.datagrams_to_send():
            if number % 3 == 2:
                agent.send_failed(datagram, now=now)
        now += 0.3
        agent.handle_timer(now=now)
    for session in agent.sessions:
        session.hang_up(now=now)
    while (at := agent.get_timer()) is not None:
        now = max(now, at)
        agent.handle_timer(now=now)
        take_events(agent, now)
    agent.datagrams_to_send()
    assert not agent.sessions


def take_events(agent: UserAgent, now: float) -> None:
    """A role that takes every call, every change and every question."""
    while event := agent.next_event():
        if isinstance(event, events.IncomingInvite):
            event.session.accept(ANSWER, now=now)
        elif isinstance(event, events.ReinviteReceived):
            event.session.accept_reinvite(ANSWER, now=now)
        elif isinstance(event, events.RequestReceived):
            event.server_request.respond(200, now=now)


def parse_sdp(data: bytes) -> None:
    """A session description: the same again after printing, and an answer to it."""
    try:
        description = SessionDescription.parse(data)
    except SdpParseError:
        return
    printed = bytes(description)
    assert bytes(SessionDescription.parse(printed)) == printed
    try:
        answer = make_answer(description, Endpoint("192.0.2.1", 4000, 1))
    except NoCommonFormatError:
        return
    agreed_stream(SessionDescription.parse(bytes(answer)), description)
    numbering = agreed_numbering(SessionDescription.parse(bytes(answer)), description)
    assert all(0 <= number < 128 for number in (*numbering.receives, *numbering.sends.values()))
    assert all(0 <= ssrc < 1 << 32 for group in groups_of(data) for ssrc in group)


def parse_rtp(data: bytes) -> None:
    """A datagram of media, RTP or RTCP."""
    if is_rtcp(data):
        with suppress(RtcpParseError):
            parse_compound(data)
        return
    try:
        RtpPacket.parse(data)
    except RtpParseError:
        return
    receiver = StreamReceiver((PCMU,))
    for now in (1.0, 1.02):
        receiver.receive_datagram(data, path="a", now=now)


def measure_file(data: bytes) -> None:
    """A capture file: it is measured, or refused."""
    measure(data)


TARGETS = {
    "profile": Target(in_scenario("profile.yaml", profile), PROFILES, 0.002, words=WORDS),
    "failure": Target(in_scenario("failure.yaml", failure), FAILURES, 0.002, words=WORDS),
    "trace": Target(read_trace, (CSV, MAHIMAHI, PUBLISHED), 0.01, words=WORDS),
    "topology": Target(build_topology, (NETWORK_JSON,), 0.01, largest=8192, words=WORDS),
    "run": Target(read_run, RUN_SEEDS, 0.002, largest=16384, at_once=5_000, words=WORDS),
    "sip": Target(parse_sip, SIP, 0.25),
    "stream": Target(cut_stream, tuple(b"\x13" + b"\r\n" * 4 + data for data in SIP), 0.07),
    "agent": Target(feed_agent, (*SIP, b"\0\0".join(SIP[:3])), 0.005),
    "sdp": Target(parse_sdp, (OFFER, ANSWER), 0.275),
    "rtp": Target(parse_rtp, (RTP, RTCP), 0.369),
    "capture": Target(measure_file, tuple(SAMPLES.values()), 0.005, largest=6144, at_once=15_000),
}
