"""Making requests and responses (RFC 3261 8.1.1, 8.2.6, 9.1, 17.1.1.3)."""

from __future__ import annotations

from binascii import crc32
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.message.name_addr import NameAddr
    from agents.sip.message.via import Via

#: 8.1.1.6.
MAX_FORWARDS = 70
SDP = "application/sdp"

Pairs = tuple[tuple[str, str], ...]


class Body(NamedTuple):
    """Octets and what they are."""

    data: bytes
    content_type: str = SDP


class Identity(NamedTuple):
    """The header fields that tie requests of a call together."""

    from_: NameAddr
    to: NameAddr
    call_id: str
    cseq: int


def new_request(
    method: str,
    uri: str,
    via: Via,
    identity: Identity,
    *,
    route: Iterable[str] = (),
    headers: Iterable[tuple[str, str]] = (),
    body: Body | None = None,
    max_forwards: int = MAX_FORWARDS,
) -> Request:
    """A request with the six fields of 8.1.1, what a proxy needs on top (7.3.1)."""
    pairs = [("Via", str(via))]
    pairs += [("Route", hop) for hop in route]
    pairs += [
        ("Max-Forwards", str(max_forwards)),
        ("From", str(identity.from_)),
        ("To", str(identity.to)),
        ("Call-ID", identity.call_id),
        ("CSeq", f"{identity.cseq} {method}"),
        *headers,
    ]
    return Request(method, uri, _with_body(pairs, body), body.data if body else b"")


def new_response(
    request: Request,
    status: int,
    *,
    reason: str | None = None,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: Body | None = None,
) -> Response:
    """An answer with the fields of 8.2.6.2. What the request lacks, as one that is answered with 400 may, stays out.

    `to_tag` only for a request without one.
    """
    pairs = [("Via", value) for value in request.headers.get_all("via")]
    for name in ("From", "To", "Call-ID", "CSeq"):
        value = request.headers.get(name)
        if value is None:
            continue
        pairs.append((name, f"{value};tag={to_tag}" if name == "To" and to_tag else value))
    if status == 100 and (timestamp := request.headers.get("timestamp")):  # 8.2.6.1
        pairs.append(("Timestamp", timestamp))
    pairs += headers
    return Response(status, reason, _with_body(pairs, body), body.data if body else b"")


def repeated_tag(request: Request) -> str | None:
    """8.2.7: the To tag of a response without a transaction, the same for the same request; None where it has one."""
    return None if request.to.tag else tag_of_branch(request)


def tag_of_branch(request: Request) -> str:
    """What `repeated_tag` gives; the ACK for such a response has the same branch (17.1.1.3), and brings the tag."""
    return f"{crc32(request.via.branch.encode('utf-8', 'surrogateescape')):08x}"


def new_cancel(invite: Request) -> Request:
    """9.1: the same transaction name, no Require."""
    return _hop_by_hop(invite, "CANCEL", invite.headers.get("to") or "")


def new_ack(invite: Request, response: Response) -> Request:
    """ACK for 300 … 699 (17.1.1.3); the ACK for a 2xx belongs to the dialog."""
    return _hop_by_hop(invite, "ACK", response.headers.get("to") or "")


def resubmit(request: Request, via: Via, cseq: int, credentials: Iterable[tuple[str, str]]) -> Request:
    """The same request as a new transaction, with other credentials (8.1.3.5: Call-ID, From and To stay)."""
    again = Request(request.method, request.uri, request.headers, request.body)
    for name in ("authorization", "proxy-authorization"):
        again.headers.remove(name)
    again.headers.set("Via", str(via))
    again.headers.set("CSeq", f"{cseq} {request.method}")
    for name, value in credentials:
        again.headers.add(name, value)
    return again


def _hop_by_hop(invite: Request, method: str, to: str) -> Request:
    """Both take top Via, Route, From, Call-ID and CSeq number from the INVITE."""
    pairs = [("Via", str(invite.via))]
    pairs += [("Route", value) for value in invite.headers.get_all("route")]
    pairs += [
        ("Max-Forwards", str(MAX_FORWARDS)),
        ("From", invite.headers.get("from") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} {method}"),
        ("Content-Length", "0"),
    ]
    return Request(method, invite.uri, pairs)


def _with_body(pairs: list[tuple[str, str]], body: Body | None) -> list[tuple[str, str]]:
    if body is not None:
        pairs.append(("Content-Type", body.content_type))
    pairs.append(("Content-Length", str(len(body.data) if body else 0)))
    return pairs
