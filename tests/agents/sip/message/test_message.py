"""Messages and their fields (RFC 3261 7, 19.1, 20)."""

from __future__ import annotations

import pytest

from agents.sip.message.address import TCP, UDP, Address
from agents.sip.message.cseq import CSeq
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import quote, split_outside, unquote
from agents.sip.message.headers import Headers
from agents.sip.message.message import Message, Request, Response
from agents.sip.message.name_addr import NameAddr
from agents.sip.message.uri import Uri
from agents.sip.message.via import Via
from tests.agents.sip.messages import MESSAGES

# RFC 3261 7.3.1, and the 200 of section 24.2.
INVITE = b"""INVITE sip:bob@biloxi.com SIP/2.0\r
Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r
Max-Forwards: 70\r
To: Bob <sip:bob@biloxi.com>\r
From: Alice <sip:alice@atlanta.com>;tag=1928301774\r
Call-ID: a84b4c76e66710@pc33.atlanta.com\r
CSeq: 314159 INVITE\r
Contact: <sip:alice@pc33.atlanta.com>\r
Content-Type: application/sdp\r
Content-Length: 4\r
\r
v=0
"""


def request(*fields: str) -> Request:
    """The INVITE with these fields more."""
    lines = b"".join(field.encode() + b"\r\n" for field in fields)
    message = Message.parse(INVITE.replace(b"Content-Type", lines + b"Content-Type"))
    assert isinstance(message, Request)
    return message


def test_a_message_goes_out_as_it_came_in() -> None:
    assert bytes(Message.parse(INVITE)) == INVITE


@pytest.mark.parametrize(
    "field",
    [
        "X-Odd  :  value\t ;; with, odd \x7f things",
        "s: folded\r\n\tonce\r\n  and again",
        "VIA: SIP/2.0/UDP a.example;branch=z9hG4bK1 , SIP / 2.0 / UDP b.example",
        "Subject: \xe6\xf8\xe5",
        "Organization:",
    ],
)
def test_what_is_not_understood_is_kept_byte_for_byte(field: str) -> None:
    data = INVITE.replace(b"Content-Type", field.encode() + b"\r\nContent-Type")
    assert bytes(Message.parse(data)) == data


def test_octets_that_are_no_utf_8_are_kept() -> None:
    data = INVITE.replace(b"Content-Type", b"Subject: \xff\xfe\x80\r\nContent-Type")
    assert bytes(Message.parse(data)) == data


def test_errors_say_where_what_and_the_text() -> None:
    with pytest.raises(SipParseError) as caught:
        Message.parse(INVITE.replace(b"Max-Forwards:", b"Max-Forwards"))
    assert str(caught.value) == "line 3: no ':' in header in 'Max-Forwards 70'"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"314159 INVITE", b"314159", 7),
        (b"tag=1928301774", b"tag=", 5),
        (b"z9hG4bK776asdhds", b"", 2),
        (b"<sip:alice@pc33.atlanta.com>", b"<alice>", 8),
        (b"Bob <sip:bob@biloxi.com>", b"folded\r\n <", 4),
        (b"Content-Length: 4", b"Content-Length: -1", 10),
        (b"a84b4c76e66710@pc33", b"a84 b4c", 6),
        (b"sip:bob@biloxi.com SIP", b"bob SIP", 1),
    ],
)
def test_errors_name_the_line(old: bytes, new: bytes, line: int) -> None:
    with pytest.raises(SipParseError) as caught:
        Message.parse(INVITE.replace(old, new, 1))
    assert caught.value.line == line


@pytest.mark.parametrize("data", [INVITE.replace(b"Via", b"X: a\nVia"), INVITE.replace(b"Via", b"X: a\rVia")])
def test_lines_end_in_crlf(data: bytes) -> None:
    """7: "each line must be terminated by CRLF"; two readings of one message are a way past a guard."""
    with pytest.raises(SipParseError, match="CR or LF alone"):
        Message.parse(data)


def test_names_are_compared_without_case_and_across_compact_forms() -> None:
    """7.3.1, 7.3.3."""
    headers = Headers([("v", "1"), ("VIA", "2"), ("sUbJeCt", "3"), ("k", "a, b"), ("Supported", "c")])
    assert headers.get_all("Via") == ["1", "2"]
    assert headers.get("s") == "3"
    assert headers.elements("supported") == ["a", "b", "c"]
    assert "K" in headers
    headers.set("via", "4")
    headers.remove("Subject")
    assert list(headers) == [("via", "4"), ("k", "a, b"), ("Supported", "c")]


def test_lists_are_split_outside_of_quotes_and_brackets() -> None:
    assert split_outside('"a, \\"b" <sip:a,b@c>, d', ",") == ['"a, \\"b" <sip:a,b@c>', "d"]
    assert split_outside("", ",") == [""]


@pytest.mark.parametrize("text", ["", "plain", 'with "quotes"', "back\\slash", '\\"'])
def test_quoting_and_back(text: str) -> None:
    assert unquote(quote(text)) == text


def test_typed_fields() -> None:
    message = request(
        "Require: a, b", "Require: c", "Expires: 3600", "Retry-After: 18000 (busy, later);duration=3600",
        "Record-Route: <sip:p1;lr>, <sip:p2>", "Route: <sip:p3;lr>",
    )  # fmt: skip
    assert message.via == Via("UDP", "pc33.atlanta.com", None, (("branch", "z9hG4bK776asdhds"),))
    assert message.from_ == NameAddr("Alice", "sip:alice@atlanta.com", (("tag", "1928301774"),))
    assert message.to.tag is None
    assert message.cseq == CSeq(314159, "INVITE")
    assert message.call_id == "a84b4c76e66710@pc33.atlanta.com"
    assert message.max_forwards == 70
    assert message.tags("require") == ["a", "b", "c"]
    assert message.expires == 3600
    assert message.retry_after == 18000
    assert [hop.uri for hop in message.record_route] == ["sip:p1;lr", "sip:p2"]
    assert [str(hop) for hop in message.route] == ["<sip:p3;lr>"]
    assert message.content_type == "application/sdp"
    assert message.body == b"v=0\n"


@pytest.mark.parametrize(
    "field", ["Expires: -1", "Expires: 4294967296", "Expires: 1e3", "Expires:", "Max-Forwards: 256"]
)
def test_malformed_fields_that_are_not_needed_read_as_absent(field: str) -> None:
    """8.2.2; RFC 4475 3.1.2.4."""
    data = INVITE.replace(b"Max-Forwards: 70", field.encode())
    message = Message.parse(data)
    assert message.expires is None
    assert message.max_forwards is None
    assert Message.parse(INVITE).retry_after is None


def test_a_star_contact() -> None:
    message = Message.parse(INVITE.replace(b"<sip:alice@pc33.atlanta.com>", b"*"))
    assert message.has_star_contact
    assert message.contact is None


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ("sip:+12125551212@phone2net.com;tag=887s", "", "sip:+12125551212@phone2net.com", "887s"),
        ('"Bob" <sips:bob@biloxi.com> ;tag=a48s', '"Bob"', "sips:bob@biloxi.com", "a48s"),
        ("Anonymous <sip:c8oqz84zk7z@privacy.org>;TAG=hyh8", "Anonymous", "sip:c8oqz84zk7z@privacy.org", "hyh8"),
        ('"<>, \\";" <sip:a;p=1@b;q=2>;x;tag = 9', '"<>, \\";"', "sip:a;p=1@b;q=2", "9"),
        ("The Operator<sip:op@cisco.com>", "The Operator", "sip:op@cisco.com", None),
        ("<tel:+4712345678>", "", "tel:+4712345678", None),
    ],
)
def test_names_with_addresses(text: str, display: str, uri: str, tag: str | None) -> None:
    """20.10, 20.20."""
    address = NameAddr.parse(text)
    assert (address.display, address.uri, address.tag) == (display, uri, tag)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "<>", "Bob sip:a@b", '"Bob sip:a@b', "a,b <sip:a@b>", "<sip:a@b", "sip:a@b?x=y", "<sip:a@b>x"]
)
def test_what_is_no_name_with_an_address(text: str) -> None:
    with pytest.raises(SipParseError):
        NameAddr.parse(text)


def test_a_tag_is_put_in_the_place_of_the_old_one() -> None:
    address = NameAddr.parse("<sip:a@b>;tag=1;x=2")
    assert str(address.with_tag("3")) == "<sip:a@b>;x=2;tag=3"
    assert str(address.with_tag(None)) == "<sip:a@b>;x=2"


# -- URIs (19.1) -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        "sip:[2001:db8::1]:5070;lr",
        "tel:+4712345678",
        "urn:service:sos",
    ],
)
def test_uris_of_the_rfc(text: str) -> None:
    """19.1.3."""
    assert str(Uri.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:a@192.0.2.1", Address("192.0.2.1", 5060)),
        ("sip:a@192.0.2.1:5070;maddr=192.0.2.2", Address("192.0.2.2", 5070)),
        ("sip:a@192.0.2.1;transport=tcp", Address("192.0.2.1", 5060, TCP)),
        ("sip:a@192.0.2.1;Transport=UDP", Address("192.0.2.1", 5060, UDP)),
        ("sip:[2001:db8::1]:5070", Address("2001:db8::1", 5070)),
        ("sip:a@host.example", None),
        ("sip:a@1.2.3.400", None),
        ("tel:+47", None),
    ],
)
def test_where_a_uri_can_be_reached(text: str, address: Address | None) -> None:
    assert Uri.parse(text).address == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "sip:", "alice", "sip:a@", "sip:@b", "sip:a b@c", "sip:a@b:x", "sip:a@b:70000", "sip:a@[::1", "sip:a@b;"),
        *("sip:a@b;=1", "sip:a@b\u00e9", "sip:a@b;x=", 'sip:a"@b'),
    ],
)
def test_what_is_no_uri(text: str) -> None:
    with pytest.raises(SipParseError):
        Uri.parse(text)


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        # 19.1.4: its examples
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", True),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", True),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
         "sip:alice@atlanta.com?priority=urgent&subject=project%20x", True),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", False),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", False),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
        ("sip:a%40b@c", "sip:a%40b@c", True),
        ("sips:a@b", "sip:a@b", False),
        # RFC 5118 4.5
        ("sip:a@[2001:db8::9:1]", "sip:a@[2001:DB8:0:0::9:01]", True),
    ],
)  # fmt: skip
def test_equivalent_uris(one: str, two: str, equal: bool) -> None:
    assert Uri.parse(one).is_equivalent(Uri.parse(two)) is equal
    assert Uri.parse(two).is_equivalent(Uri.parse(one)) is equal


def test_responses_are_made_with_the_reason_of_the_rfc() -> None:
    assert Response(486).start_line == "SIP/2.0 486 Busy Here"
    assert Response(299).start_line == "SIP/2.0 299 "
    assert Response(200, "Fine").start_line == "SIP/2.0 200 Fine"


@pytest.mark.parametrize("via", ["SIP/2.0/", "SIP/2.0/ ", "SIP/2.0/UDP", "SIP/2.0/ ;branch=z9hG4bK1"])
def test_a_via_without_a_sent_by_is_an_error_of_the_bytes(via: str) -> None:
    with pytest.raises(SipParseError, match="no sent-by in Via"):
        Via.parse(via)


@pytest.mark.parametrize("data", MESSAGES)
def test_message_with_something_of_everything_is_understood(data: bytes) -> None:
    message = Message.parse(data)
    assert Message.parse(bytes(message)) == message


@pytest.mark.parametrize("via", ["", " ", "\t"])
def test_a_via_without_a_value_is_none(via: str) -> None:
    """Found by the fuzzer: it once ended the agent."""
    text = f"OPTIONS sip:a@b SIP/2.0\r\nVia:{via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
    text += "CSeq: 1 OPTIONS\r\n\r\n"
    with pytest.raises(SipParseError, match="line 2: an empty Via"):
        Message.parse(text.encode())
