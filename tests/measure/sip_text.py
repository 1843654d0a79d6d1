"""SIP messages as text, with just the header fields that measuring reads."""

from __future__ import annotations


def request(
    method: str,
    call_id: str,
    cseq: int,
    *,
    branch: str,
    from_tag: str = "mn",
    to_tag: str = "",
    extra: str = "",
) -> bytes:
    """Return a request; `extra` are more header lines, each with its line end."""
    to = f"<sip:cn@example.net>{';tag=' + to_tag if to_tag else ''}"
    return (
        f"{method} sip:cn@10.20.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.2:5060;branch={branch};rport\r\n"
        f'From: "M;tag=no" <sip:mn@example.net>;tag={from_tag}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n'
        f"CSeq: {cseq} {method}\r\n{extra}Content-Length: 0\r\n\r\n"
    ).encode()


def response(
    status: int,
    method: str,
    call_id: str,
    cseq: int,
    *,
    branch: str,
    from_tag: str = "mn",
    to_tag: str = "cn",
) -> bytes:
    """Return a response to such a request."""
    return (
        f"SIP/2.0 {status} Whatever\r\nv: SIP/2.0/UDP 10.1.0.2:5060;rport;branch={branch}\r\n"
        f"f: <sip:mn@example.net>;tag={from_tag}\r\nt: <sip:cn@example.net>;tag={to_tag}\r\ni: {call_id}\r\n"
        f"CSeq: {cseq} {method}\r\nl: 0\r\n\r\n"
    ).encode()


def with_body(message: bytes, body: bytes) -> bytes:
    """Return a message with this body instead of none."""
    head, _, length = message.removesuffix(b"\r\n\r\n").rpartition(b": ")
    assert length == b"0"
    return head + b": %d\r\n\r\n" % len(body) + body


def sdp(ip: str, port: int, *lines: str, formats: str = "0") -> bytes:
    """Return a description of one audio stream; `lines` are its attributes."""
    kind = "IP6" if ":" in ip else "IP4"
    head = ("v=0", f"o=- 1 1 IN {kind} {ip}", "s=-", f"c=IN {kind} {ip}", "t=0 0", f"m=audio {port} RTP/AVP {formats}")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()
