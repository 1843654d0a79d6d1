"""Messages with something of everything that the grammar allows, for properties to cut up."""

INVITE = b"""INVITE sip:cn@10.20.0.2:5060;transport=udp SIP/2.0
v: SIP/2.0/UDP 10.1.0.2:5060;rport;branch=z9hG4bK1
Via : SIP / 2.0 / TCP\tproxy.example ;branch=z9hG4bK2 ;received=192.0.2.1 , SIP/2.0/UDP [2001:db8::1]:5062;branch=3
TO:
 "C. \\"N\\" \\\\" <sip:cn%20a@example.org;lr?Subject=x&a=%00> ; x="y;z"
From: <sip:mn@10.1.0.2>;tag=1
i: abc@10.1.0.2
CSeq:\t0009
  INVITE
Max-Forwards: 00070
m: <sip:mn@10.1.0.2:5060>;q=0.5;expires=60, tel:+1-23;isub=4;q=1
Route: <sip:[2001:db8::1];lr>, <sip:a;p=%41?h=v>;other
Require: handover
Supported:
k: timer , handover
Handover: other@10.1.0.2;to-tag=2;from-tag=3
Authorization: Digest username="m\\"n", realm="", nonce="a", uri="sip:cn", response="0123", qop=auth, nc=00000001,
 cnonce=b
NewHeader: \xe2\x82\xac; a=b,,;
l: 19
c: application/sdp;charset="utf-8"

v=0\r\ns=-\r\nt=0 0\r\n\0\xff"""

ANSWER = b"""SIP/2.0 200 \xd0\x9e\xd0\xba, = **** & all
Via: SIP/2.0/UDP 10.1.0.2;branch=z9hG4bK1;rport=5060;received=10.1.0.2
From: sip:mn@10.1.0.2;tag=1
To: sip:cn@10.20.0.2;tag=2
Call-ID: abc
CSeq: 2147483647 INVITE
Contact: *
WWW-Authenticate: Digest realm="a", nonce="b", stale=TRUE, algorithm=SHA-256, qop="auth,auth-int"
Warning: 399 x "y, \\"z\\"", 301 h:5060 "w"
Content-Length:0

"""

BYE = b"""BYE sip:[::1] SIP/2.0
Via: SIP/2.0/UDP host;branch=z9hG4bK-_.!%*'`~+
From: "" <sip:a>;tag=x
To: <SIPS:b@c>;tag=y
Call-ID: !%*_+`'~()<>:\\/"[]?{}
CSeq: 0 BYE

"""


def on_the_wire(text: bytes) -> bytes:
    """The header's lines as they are sent; the body as it is."""
    header, separator, body = text.partition(b"\n\n")
    return (header + separator).replace(b"\n", b"\r\n") + body


MESSAGES = tuple(on_the_wire(text) for text in (INVITE, ANSWER, BYE))
