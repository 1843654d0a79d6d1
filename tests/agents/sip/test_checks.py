"""What every request goes through before it means anything (RFC 3261 8.2, 11, 18.3)."""

from __future__ import annotations

import pytest

from agents.sip.message.address import Address
from agents.sip.message.message import Message, Response
from agents.sip.session import events
from agents.sip.session.abilities import Abilities

from .network import OFFER, STRANGER, Network, Node, accept_calls

HEADER = """Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKone
Max-Forwards: 70
From: <sip:a@a.example>;tag=1
To: <sip:cn@home.example>
Call-ID: one@a.example
CSeq: 1 {method}
Contact: <sip:a@192.0.2.99>
"""


def request(
    method: str, *, extra: str = "", body: bytes = b"", uri: str = "sip:cn@10.0.9.1", header: str = HEADER
) -> bytes:
    """A request on the wire; each line of `extra` is a header field more."""
    lines = f"{method} {uri} SIP/2.0\n{header.format(method=method)}{extra}Content-Length: {len(body)}\n\n"
    return lines.replace("\n", "\r\n").encode() + body


def alone(**abilities: tuple[str, ...]) -> tuple[Network, Node]:
    network = Network()
    cn = network.node("cn", interfaces={"eth0": "10.0.9.1"}, abilities=Abilities(**abilities))  # type: ignore[arg-type]
    return network, cn


def answers(network: Network, cn: Node, data: bytes, *, remote: Address = STRANGER) -> list[Response]:
    """What one datagram of a stranger brings."""
    start = len(network.sent)
    network.inject(data, to=cn, remote=remote)
    return [line.message for line in network.sent[start:] if isinstance(line.message, Response)]


def answer(network: Network, cn: Node, data: bytes) -> Response:
    (response,) = answers(network, cn, data)
    return response


def test_options_tells_what_we_can() -> None:
    """11.2."""
    network, cn = alone(supported=("handover",), methods=("MESSAGE",))
    response = answer(network, cn, request("OPTIONS"))
    assert response.status == 200
    assert response.tags("allow") == ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "MESSAGE"]
    assert response.headers.get("accept") == "application/sdp"
    assert response.tags("supported") == ["handover"]
    assert response.to.tag is not None


@pytest.mark.parametrize(("method", "status"), [("REGISTER", 405), ("MESSAGE", 405), ("FOO", 501), ("invite", 501)])
def test_methods_that_we_do_not_answer(method: str, status: int) -> None:
    """8.2.1; methods are case-sensitive (7.1)."""
    response = answer(*alone(), request(method))
    assert response.status == status
    assert "INVITE" in response.tags("allow")


def test_420_lists_all_option_tags_that_we_do_not_know() -> None:
    """8.2.2.3; baresip lists the first one only."""
    network, cn = alone(supported=("handover",))
    response = answer(network, cn, request("INVITE", extra="Require: foo, handover\nRequire: bar\n"))
    assert response.status == 420
    assert response.tags("unsupported") == ["foo", "bar"]
    assert cn.seen(events.IncomingInvite) == []


@pytest.mark.parametrize("method", ["OPTIONS", "BYE", "INVITE"])
def test_require_is_checked_in_every_request(method: str) -> None:
    """No stack that was tried does it outside of the first INVITE."""
    assert answer(*alone(), request(method, extra="Require: handover\n")).status == 420


def test_require_in_cancel_is_ignored() -> None:
    """8.2.2.3: MUST be ignored if present; a CANCEL for nothing is 481."""
    assert answer(*alone(), request("CANCEL", extra="Require: handover\n")).status == 481


def test_unknown_headers_are_ignored() -> None:
    """8.2.2: Handover is one where the extension is not supported."""
    network, cn = alone()
    answers(network, cn, request("INVITE", extra="Handover: nonsense\nX-Foo: ;;,\n"))
    assert cn.only(events.IncomingInvite).handover is None


@pytest.mark.parametrize("uri", ["tel:+4712345678", "http://x.example/", "isbn:2983792873"])
def test_request_uri_of_another_scheme(uri: str) -> None:
    """8.2.2.1."""
    assert answer(*alone(), request("OPTIONS", uri=uri)).status == 416


def test_to_of_another_scheme_is_accepted() -> None:
    """8.2.2.1: RECOMMENDED."""
    header = HEADER.replace("<sip:cn@home.example>", "<tel:+4712345678>")
    assert answer(*alone(), request("OPTIONS", header=header)).status == 200


@pytest.mark.parametrize(
    ("extra", "header", "value"),
    [
        ("Content-Type: text/plain\n", "accept", "application/sdp"),
        ("", "accept", "application/sdp"),
        ("Content-Type: application/sdp\nContent-Encoding: gzip\n", "accept-encoding", "identity"),
    ],
)
def test_bodies_that_we_do_not_understand(extra: str, header: str, value: str) -> None:
    """8.2.3."""
    response = answer(*alone(), request("INVITE", extra=extra, body=OFFER))
    assert response.status == 415
    assert response.headers.get(header) == value


def test_an_optional_body_may_be_anything() -> None:
    network, cn = alone()
    extra = "Content-Type: image/png\nContent-Disposition: icon; handling = optional\n"
    answers(network, cn, request("INVITE", extra=extra, body=b"\x89PNG"))
    assert cn.only(events.IncomingInvite).session.remote_sdp is None


def test_who_takes_no_sdp_cannot_be_answered() -> None:
    assert answer(*alone(), request("INVITE", extra="Accept: text/html\n")).status == 406
    network, cn = alone()
    answers(network, cn, request("INVITE", extra="Accept: text/html, application/*;q=0.5\n"))
    assert len(cn.seen(events.IncomingInvite)) == 1


@pytest.mark.parametrize(
    "contact", ["", "Contact: <sip:a@1.2.3.4>, <sip:a@1.2.3.5>\n", "Contact: <tel:+47>\n", "m: *\n"]
)
def test_an_invite_needs_one_contact(contact: str) -> None:
    """8.1.1.8."""
    header = HEADER.replace("Contact: <sip:a@192.0.2.99>\n", contact)
    assert answer(*alone(), request("INVITE", header=header)).status == 400


def test_the_same_invite_by_another_way_is_a_loop() -> None:
    """8.2.2.2: merged; its retransmission is none."""
    network, cn = alone()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    first = request("INVITE")
    assert [response.status for response in answers(network, cn, first)] == [180]
    assert [response.status for response in answers(network, cn, first.replace(b"z9hG4bKone", b"z9hG4bKtwo"))] == [482]
    assert [response.status for response in answers(network, cn, first)] == [180]
    assert len(cn.seen(events.IncomingInvite)) == 1


def test_a_new_call_id_or_from_tag_is_another_call() -> None:
    network, cn = alone()
    accept_calls(cn)
    first = request("INVITE")
    for branch, old, new in ((b"a", b"70", b"69"), (b"b", b"one@a", b"two@a"), (b"c", b"tag=1", b"tag=2")):
        answers(network, cn, first.replace(b"z9hG4bKone", b"z9hG4bK" + branch).replace(old, new))
    assert len(cn.seen(events.IncomingInvite)) == 3


def test_a_request_in_a_dialog_that_we_do_not_have() -> None:
    """12.2.2."""
    header = HEADER.replace("home.example>", "home.example>;tag=9")
    assert answer(*alone(), request("INVITE", header=header)).status == 481
    assert answers(*alone(), request("ACK", header=header)) == []


def test_bye_without_a_dialog() -> None:
    """15.1.2."""
    assert answer(*alone(), request("BYE")).status == 481


# -- what is not SIP ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("CSeq: 1 {method}\n", "", "Bad Request: no CSeq"),
        ("CSeq: 1 {method}", "CSeq: x {method}", "Bad Request: bad CSeq number"),
        ("CSeq: 1 {method}", "CSeq: 1 BYE", "Bad Request: CSeq of another method"),
        ("From: <sip:a@a.example>;tag=1\n", "", "Bad Request: no From"),
        ("<sip:a@a.example>;tag=1", "sip:a@a.example;;tag=1", "Bad Request: bad parameter name"),
        ("Max-Forwards: 70\n", "Max-Forwards 70\n", "Bad Request: no ':' in header"),
    ],
)
def test_a_broken_request_is_answered_with_400_where_it_can_be(old: str, new: str, reason: str) -> None:
    network, cn = alone()
    data = request("OPTIONS", header=HEADER.replace(old, new))
    start = len(network.sent)
    network.inject(data, to=cn)
    (line,) = network.sent[start:]
    assert line.receiver == "192.0.2.99:5060"
    assert line.label.startswith("400 ")
    assert cn.only(events.Discarded).source == STRANGER
    assert sum(cn.ua.discarded.values()) == 1
    assert cn.ua._core.transactions.live() == []  # 8.2.7: no state for it
    if line.message is not None:
        assert isinstance(line.message, Response)
        assert line.message.reason == reason


def test_content_length_beyond_the_datagram() -> None:
    """18.3: 400 for a request, nothing for a response."""
    data = request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 10")
    assert answer(*alone(), data).status == 400
    network, cn = alone()
    reply = request("OPTIONS").replace(b"OPTIONS sip:cn@10.0.9.1 SIP/2.0", b"SIP/2.0 200 OK")
    assert answers(network, cn, reply.replace(b"Content-Length: 0", b"Content-Length: 10")) == []
    assert cn.ua.discarded == {"a body shorter than Content-Length": 1}


def test_octets_after_the_body_are_dropped() -> None:
    """18.3."""
    data = request("INVITE", extra="Content-Type: application/sdp\n", body=OFFER) + b"noise"
    network, cn = alone()
    answers(network, cn, data)
    assert cn.only(events.IncomingInvite).session.remote_sdp == OFFER


def test_another_version_of_sip() -> None:
    """21.5.6."""
    assert answer(*alone(), request("OPTIONS").replace(b" SIP/2.0\r", b" SIP/3.0\r")).status == 505


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\0\0\0\0", b"\x80\x00" + bytes(170), b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_sip_is_dropped_and_counted(data: bytes) -> None:
    network, cn = alone()
    assert answers(network, cn, data) == []
    assert sum(cn.ua.discarded.values()) == 1


def test_a_broken_ack_is_never_answered() -> None:
    data = request("ACK").replace(b"CSeq: 1", b"CSeq: x")
    assert answers(*alone(), data) == []


def test_responses_to_nothing_are_dropped() -> None:
    """RFC 6026 8.9; 8.1.3.3: and those with two Vias."""
    network, cn = alone()
    reply = request("OPTIONS").replace(b"OPTIONS sip:cn@10.0.9.1 SIP/2.0", b"SIP/2.0 200 OK")
    twice = reply.replace(b"Max-Forwards", b"Via: SIP/2.0/UDP 1.2.3.4\r\nMax-Forwards")
    assert answers(network, cn, reply) == []
    assert answers(network, cn, twice) == []
    assert cn.ua.discarded == {"response to nothing": 1, "response with more than one Via": 1}


def test_responses_go_back_over_the_address_that_the_request_came_to() -> None:
    """RFC 3581 4: a node with two addresses."""
    network = Network()
    cn = network.node("cn", interfaces={"one": "10.0.9.1", "two": "10.0.8.1"})
    source = Address("198.51.100.7", 40000)
    data = request("OPTIONS").replace(b"5060;branch", b"5060;rport;branch")
    cn.ua.receive_datagram(data, local=cn.addresses["two"], remote=source, now=0.0)
    (datagram,) = cn.ua.datagrams_to_send()
    assert (datagram.local, datagram.remote) == (cn.addresses["two"], source)
    response = Message.parse(datagram.data)
    assert response.via.param("rport") == "40000"
    assert response.via.param("received") == "198.51.100.7"


def test_a_role_answers_its_own_methods() -> None:
    network, cn = alone(methods=("MESSAGE",), accept=("text/plain",))
    cn.on(events.RequestReceived, lambda event: event.server_request.respond(202, now=network.now))
    data = request("MESSAGE", extra="Content-Type: text/plain\n", body=b"hi")
    assert answer(network, cn, data).status == 202
    assert answer(network, cn, data).status == 202  # the retransmission, by the transaction
    event = cn.only(events.RequestReceived)
    assert event.server_request.request.body == b"hi"
    assert event.session is None


@pytest.mark.parametrize(("version", "status"), [("SIP/2.0", "400"), ("SIP/3.0", "505")])
def test_an_empty_via_is_refused_where_it_came_from(version: str, status: str) -> None:
    """Found by the fuzzer: it once ended the agent."""
    network = Network()
    node = network.node("cn")
    network.inject(f"OPTIONS sip:a@b {version}\r\nVia:\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n\r\n".encode(), to=node)
    assert network.flow() == [f"{status} ? cn -> {STRANGER.hostport}"]
    assert sum(node.ua.discarded.values()) == 1
