"""Route sets, targets and numbers of a dialog (RFC 3261 12)."""

from __future__ import annotations

from agents.sip.message.address import Address
from agents.sip.message.build import new_response
from agents.sip.message.message import Message, Request
from agents.sip.message.via import Via
from agents.sip.session.dialog import Dialog

INVITE = b"""INVITE sip:bob@biloxi.com SIP/2.0\r
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r
Record-Route: <sip:192.0.2.102;lr>, <sip:192.0.2.101;lr;x=1>\r
Max-Forwards: 70\r
To: "Bob" <sip:bob@biloxi.com>\r
From: Alice <sip:alice@atlanta.com>;tag=a\r
Call-ID: 1@atlanta\r
CSeq: 7 INVITE\r
Contact: <sip:alice@192.0.2.1:5070>\r
\r
"""
VIA = Via.create(Address("192.0.2.9", 5060), "z9hG4bKnew")


def invite() -> Request:
    message = Message.parse(INVITE)
    assert isinstance(message, Request)
    return message


def as_caller(routes: str) -> Dialog:
    """From a 200 that came back with this Record-Route."""
    headers = [("Record-Route", routes), ("Contact", "<sip:user@192.0.2.2>")]
    return Dialog.as_caller(invite(), new_response(invite(), 200, to_tag="b", headers=headers))


def test_the_two_sides_of_a_dialog() -> None:
    callee, caller = Dialog.as_callee(invite(), "b"), as_caller("<sip:192.0.2.102;lr>, <sip:192.0.2.101;lr;x=1>")
    assert callee.id == ("1@atlanta", "b", "a")
    assert caller.id == ("1@atlanta", "a", "b")
    assert (callee.local.uri, callee.remote.uri) == ("sip:bob@biloxi.com", "sip:alice@atlanta.com")
    assert (caller.local, caller.remote) == (callee.remote, callee.local)
    assert (callee.remote_target, caller.remote_target) == ("sip:alice@192.0.2.1:5070", "sip:user@192.0.2.2")
    # 12.1.1 in order, 12.1.2 in reverse, with all parameters
    assert callee.route_set == ("<sip:192.0.2.102;lr>", "<sip:192.0.2.101;lr;x=1>")
    assert caller.route_set == ("<sip:192.0.2.101;lr;x=1>", "<sip:192.0.2.102;lr>")
    assert (callee.owns_call_id, caller.owns_call_id) == (False, True)
    assert (callee.remote_cseq, caller.local_cseq) == (7, 7)


def test_a_request_goes_to_the_remote_target_by_loose_routers() -> None:
    request = Dialog.as_callee(invite(), "b").request("BYE", VIA)
    assert str(request.headers) == (
        "Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKnew\r\n"
        "Route: <sip:192.0.2.102;lr>\r\n"
        "Route: <sip:192.0.2.101;lr;x=1>\r\n"
        "Max-Forwards: 70\r\n"
        'From: "Bob" <sip:bob@biloxi.com>;tag=b\r\n'
        "To: Alice <sip:alice@atlanta.com>;tag=a\r\n"
        "Call-ID: 1@atlanta\r\n"
        "CSeq: 1 BYE\r\n"
        "Content-Length: 0\r\n"
    )
    assert request.uri == "sip:alice@192.0.2.1:5070"
    assert Dialog.as_callee(invite(), "b").next_hop() == Address("192.0.2.102", 5060)


def test_a_strict_router_is_the_request_uri() -> None:
    """The example of 12.2.1.1."""
    dialog = as_caller("<sip:proxy4>,<sip:proxy3;lr>,<sip:proxy2>,<sip:proxy1;method=INVITE?x=y>")
    request = dialog.request("BYE", VIA)
    assert request.uri == "sip:proxy1"
    assert request.headers.get_all("route") == [
        "<sip:proxy2>",
        "<sip:proxy3;lr>",
        "<sip:proxy4>",
        "<sip:user@192.0.2.2>",
    ]
    assert dialog.next_hop() is None  # a name: the session falls back to where the peer was


def test_numbers_go_up_by_one_in_each_direction() -> None:
    dialog = as_caller("<sip:192.0.2.101;lr>")
    assert [str(dialog.request(method, VIA).cseq) for method in ("INVITE", "BYE")] == ["8 INVITE", "9 BYE"]
    assert str(dialog.request("ACK", VIA, cseq=8).cseq) == "8 ACK"
    assert dialog.remote_cseq is None
    assert dialog.is_in_order(invite())  # 12.2.2: the first one sets it
    assert not dialog.is_in_order(invite())


def test_the_null_tag_of_old_peers_is_left_out() -> None:
    """12.2.1.1."""
    old = Message.parse(INVITE.replace(b";tag=a", b""))
    assert isinstance(old, Request)
    request = Dialog.as_callee(old, "b").request("BYE", VIA)
    assert request.headers.get("to") == "Alice <sip:alice@atlanta.com>"


def test_a_contact_is_needed_to_refresh_the_target() -> None:
    dialog = as_caller("<sip:192.0.2.101;lr>")
    dialog.refresh_target(new_response(invite(), 200))
    assert dialog.remote_target == "sip:user@192.0.2.2"
    dialog.refresh_target(new_response(invite(), 200, headers=[("m", "<sip:user@192.0.2.3>")]))
    assert dialog.remote_target == "sip:user@192.0.2.3"
