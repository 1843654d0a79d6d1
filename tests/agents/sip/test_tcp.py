"""Requests and responses over TCP (RFC 3261 18), on the fake network."""

from __future__ import annotations

import pytest

from agents.sip.message.address import TCP, Address
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.message import Message, Response
from agents.sip.message.via import Via
from agents.sip.session import events
from agents.sip.session.abilities import Abilities
from agents.sip.session.client_request import Ask

from .network import ANSWER, OFFER, Network, Node, accept_calls, two_phones

#: Makes an INVITE of more than 1300 bytes, and so an offer that has to be answered.
LONG = OFFER + b"a=x:" + b"y" * 900 + b"\r\n"


def test_a_long_request_goes_over_tcp_and_its_via_says_so() -> None:
    """18.1.1; what is short goes over UDP all the same, and the ACK for a 2xx is a request of its own."""
    network, mn, cn = two_phones()
    mn.call(cn, body=LONG, via="wifi")
    network.run()
    assert network.flow() == ["INVITE mn.wifi => cn", "200 INVITE cn => mn.wifi", "ACK mn.wifi -> cn"]
    assert len(bytes(network.request("INVITE"))) > 1300
    assert network.request("INVITE").via.transport == "TCP"
    assert network.request("ACK").via.transport == "UDP"
    assert network.request("INVITE").contact is not None
    assert str(network.messages("200 INVITE")[0].via).endswith(";received=10.0.1.1")


def test_1300_bytes_go_over_udp() -> None:
    network, mn, cn = two_phones()
    mn.call(cn, via="wifi")
    network.run()
    rest = 1300 - len(bytes(network.messages("INVITE")[0])) + len(OFFER)
    for size, arrow in ((rest - 1, "->"), (rest, "=>")):  # Content-Length has a digit more
        network, mn, cn = two_phones()
        mn.call(cn, body=OFFER + b"a" * (size - len(OFFER)), via="wifi")
        network.run()
        assert network.flow()[0] == f"INVITE mn.wifi {arrow} cn"


def test_over_a_reliable_transport_nothing_is_repeated() -> None:
    """17.1.1.2, 17.2.1: timers A and G are off; I is zero."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: None)
    session = mn.call(cn, body=LONG)
    network.run(20.0)
    assert network.flow() == ["INVITE mn.wifi => cn", "100 INVITE cn => mn.wifi"]
    cn.only(events.IncomingInvite).session.reject(486, now=network.now)
    network.run(20.0)
    assert network.flow(2) == ["486 INVITE cn => mn.wifi", "ACK mn.wifi => cn"]
    assert session.is_over
    assert cn.ua._core.transactions.live() == []
    assert mn.ua._core.transactions.live() == []


def test_a_2xx_is_repeated_over_tcp_too() -> None:
    """13.3.1.4: the answer may come over several hops, and only some of them may be reliable."""
    network, mn, cn = two_phones()
    network.lose("ACK")
    mn.call(cn, body=LONG)
    network.run()
    assert network.flow() == [
        "INVITE mn.wifi => cn", "200 INVITE cn => mn.wifi", "ACK mn.wifi -x cn",
        "200 INVITE cn => mn.wifi", "ACK mn.wifi -> cn",
    ]  # fmt: skip


def test_who_refuses_tcp_gets_it_over_udp() -> None:
    """18.1.1: with the same branch, another Via, and timers from now on."""
    network, mn, cn = two_phones()
    network.refusing.add("cn")
    network.lose("INVITE", times=2)
    mn.call(cn, body=LONG)
    network.run(2.0)
    assert network.flow() == [
        "INVITE mn.wifi =x cn", "INVITE mn.wifi -x cn", "INVITE mn.wifi -x cn", "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn",
    ]  # fmt: skip
    assert network.request("INVITE").via.transport == "UDP"
    assert [round(line.at, 3) for line in network.sent[:4]] == [0, 0, 0.5, 1.5]


@pytest.mark.parametrize("method", ["MESSAGE", "REGISTER"])
def test_a_long_request_outside_of_calls_falls_back_too(method: str) -> None:
    network, asker, _ = asked(method)
    network.refusing.add("cn")
    network.lose(method)
    ask(network, asker, method, "x" * 1300)
    network.run(3.0)
    assert network.flow() == [
        f"{method} mn =x cn", f"{method} mn -x cn", f"{method} mn -> cn", f"200 {method} cn -> mn"
    ]  # fmt: skip
    assert asker.only(events.ResponseReceived).response.status == 200


def test_who_is_only_reached_by_tcp_is_not_asked_by_udp() -> None:
    """The URI says TCP: a refusal is a transport error (17.1.4)."""
    network, asker, _ = asked("MESSAGE")
    network.refusing.add("cn")
    ask(network, asker, "MESSAGE", "", transport=TCP)
    network.run()
    assert network.flow() == ["MESSAGE mn =x cn"]
    assert asker.only(events.RequestFailed).status == 503


def test_a_contact_of_tcp_is_called_over_tcp() -> None:
    """19.1.1: transport. The requests of both sides in the dialog follow the Contacts."""
    network, mn, cn = two_phones()
    cn.on(
        events.IncomingInvite,
        lambda event: event.session.accept(ANSWER, contact=cn.address._replace(transport=TCP), now=network.now),
    )
    session = mn.call(cn)
    network.run()
    session.bye(now=network.now)
    network.run()
    assert network.flow() == [
        "INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi => cn",
        "BYE mn.wifi => cn", "200 BYE cn => mn.wifi",
    ]  # fmt: skip
    assert network.request("BYE").uri == f"sip:cn@{cn.address.hostport};transport=tcp"
    assert network.connections == 1


def test_an_ack_that_tcp_does_not_take_goes_by_udp() -> None:
    network, mn, cn = two_phones()
    cn.on(
        events.IncomingInvite,
        lambda event: event.session.accept(ANSWER, contact=cn.address._replace(transport=TCP), now=network.now),
    )
    network.refusing.add("cn")
    mn.call(cn)
    network.run()
    assert network.flow(2) == ["ACK mn.wifi =x cn", "ACK mn.wifi -> cn"]
    assert network.request("ACK").via.transport == "UDP"
    assert cn.seen(events.Confirmed)


def test_a_cancel_goes_where_its_invite_went() -> None:
    """9.1: same destination, same transport."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn, body=LONG)
    network.run()
    session.cancel(now=network.now)
    network.run()
    assert network.flow(2) == [
        "CANCEL mn.wifi => cn", "487 INVITE cn => mn.wifi", "200 CANCEL cn => mn.wifi", "ACK mn.wifi => cn"
    ]  # fmt: skip
    assert network.connections == 1


def test_a_broken_connection_is_a_transport_error_for_its_client_transactions() -> None:
    """17.1.4, 18.4: not the 32 s of timer B."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: None)
    mn.call(cn, body=LONG)
    network.run(0.05)
    network.break_connections()
    assert mn.only(events.InviteRejected).status == 503
    network.settle()


def test_a_broken_connection_spares_others() -> None:
    network, mn, cn = two_phones()
    mn.call(cn, body=LONG)
    network.run()
    cn.on(events.IncomingInvite, lambda event: None)
    mn.call(cn)
    network.run(0.05)
    network.break_connections()
    assert not mn.seen(events.InviteRejected)


def test_responses_find_another_way_when_the_connection_is_gone() -> None:
    """18.2.2: over a new connection to the address of the request and the port of its Via."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn, body=LONG)
    network.run()
    network.break_connections()
    cn.only(events.IncomingInvite).session.accept(ANSWER, now=network.now)
    network.run()
    assert network.flow(2) == ["200 INVITE cn => mn.wifi", "ACK mn.wifi -> cn"]
    assert session.state == "CONFIRMED"


def test_a_response_that_the_connection_does_not_take_goes_over_another_one() -> None:
    """The driver may know before we do."""
    network, mn, cn = two_phones()
    mn.call(cn, body=LONG)
    network.run(0.005)
    network._ends.clear()
    network.run()
    assert network.flow() == [
        "INVITE mn.wifi => cn", "200 INVITE cn =x 10.0.1.1:40001", "200 INVITE cn => mn.wifi", "ACK mn.wifi -> cn"
    ]  # fmt: skip


def test_a_response_that_nobody_takes_is_given_up() -> None:
    """And comes back when its timers say so, or not at all."""
    network, mn, cn = two_phones()
    network.refusing.add("mn")
    mn.call(cn, body=LONG)
    network.run(0.005)
    network._ends.clear()
    network.run(0.3)
    assert network.flow() == ["INVITE mn.wifi => cn", "200 INVITE cn =x 10.0.1.1:40001", "200 INVITE cn =x mn.wifi"]
    network.settle()


def test_over_tcp_a_length_is_needed() -> None:
    """18.3: a message without Content-Length is no message of a stream."""
    network = Network()
    node = network.node("cn")
    remote = Address("192.0.2.1", 33333, TCP)
    options = (
        b"OPTIONS sip:cn@10.0.1.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:cn@10.0.1.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n%b\r\n"
    )
    for length, status in ((b"", 400), (b"Content-Length: 0\r\n", 200)):
        node.ua.receive_datagram(options % length, local=node.address, remote=remote, now=0.0)
        (datagram,) = node.ua.datagrams_to_send()
        assert datagram.remote == remote
        response = Message.parse(datagram.data)
        assert isinstance(response, Response)
        assert response.status == status
    assert node.ua.discarded == {"no Content-Length in a stream": 1}
    node.ua.receive_datagram(
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
        b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n", local=node.address, remote=remote, now=0.0,
    )  # fmt: skip
    assert node.ua.datagrams_to_send() == []


def test_an_answer_to_garbage_that_cannot_be_sent_is_forgotten() -> None:
    """It is made from what could be read, which may be next to nothing."""
    network = Network()
    node = network.node("cn")
    garbage = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\r\n"
    node.ua.receive_datagram(garbage, local=node.address, remote=Address("192.0.2.1", 5060), now=0.0)
    (datagram,) = node.ua.datagrams_to_send()
    node.ua.send_failed(datagram, now=0.0)
    assert node.ua.datagrams_to_send() == []


@pytest.mark.parametrize(
    ("via", "goes_to"),
    [
        ("SIP/2.0/TCP 192.0.2.4:5070;rport=33333;received=192.0.2.9", Address("192.0.2.9", 5070, TCP)),
        ("SIP/2.0/TCP 192.0.2.4", Address("192.0.2.4", 5060, TCP)),
        ("SIP/2.0/TCP host.example", None),
    ],
)
def test_where_responses_go_without_their_connection(via: str, goes_to: Address | None) -> None:
    assert Via.parse(via).response_address(TCP) == goes_to


def asked(method: str) -> tuple[Network, Node, Node]:
    """One that asks, and one that answers 200."""
    network = Network()
    asker, answerer = network.node("mn"), network.node("cn", abilities=Abilities(methods=(method,)))
    answerer.on(events.RequestReceived, lambda event: event.server_request.respond(200, now=network.now))
    return network, asker, answerer


def ask(network: Network, asker: Node, method: str, text: str, transport: str = "UDP") -> None:
    cn = network.nodes["cn"]
    what = Ask(method, f"sip:cn@{cn.address.hostport}", "sip:mn@a", "sip:cn@a", headers=(("Subject", text),))
    remote = cn.address._replace(transport=transport)
    asker.ua.request(what, local=asker.address, remote=remote, now=network.now)


def test_a_call_that_is_made_and_ended_over_tcp_leaves_nothing() -> None:
    network, mn, cn = two_phones()
    accept_calls(cn)
    session = mn.call(cn, body=LONG)
    network.run()
    session.reinvite(LONG, now=network.now)
    network.run()
    network.break_connections()
    session.bye(now=network.now)
    network.settle()
    for node in (mn, cn):
        core = node.ua._core
        assert (core.transactions.live(), core.timers.running(), node.ua.sessions) == ([], [], [])
    with pytest.raises(LocalProtocolError):
        session.bye(now=network.now)
