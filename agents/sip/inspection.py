"""The checks that every request goes through, inside and outside of dialogs (RFC 3261 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import SDP
from agents.sip.message.errors import RemoteProtocolError
from agents.sip.message.uri import Uri
from agents.sip.session.abilities import CORE_METHODS, TIMER
from agents.sip.session.refresh import check_interval

if TYPE_CHECKING:
    from agents.sip.message.message import Request
    from agents.sip.session.abilities import Abilities

# Methods of the registry: refused with 405 where we know but do not support them, any other with 501 (21.5.2).
_KNOWN_METHODS = frozenset(
    (*CORE_METHODS, "INFO", "MESSAGE", "NOTIFY", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE")
)


def inspect(request: Request, abilities: Abilities, *, is_merged: bool) -> None:
    """In the order of 8.2; raises `RemoteProtocolError` with what to answer.

    CANCEL has no business here: it is hop-by-hop and has no Require (9.2).
    """
    _check_method(request, abilities)
    if request.parsed_uri.scheme not in {"sip", "sips"}:
        raise RemoteProtocolError(f"scheme of {request.uri}", status_hint=416)
    if is_merged:
        raise RemoteProtocolError("the same request by another way", status_hint=482)
    _check_require(request, abilities)
    _check_body(request, abilities)
    if request.method == "INVITE":
        _check_contact(request)
        _check_accept(request)
        check_interval(request, abilities.session_interval)


def _check_method(request: Request, abilities: Abilities) -> None:
    method = request.method
    if method in CORE_METHODS or method in abilities.methods:
        return
    status = 405 if method in _KNOWN_METHODS else 501
    raise RemoteProtocolError(f"method {method}", status_hint=status, headers=[("Allow", abilities.allow)])


def _check_require(request: Request, abilities: Abilities) -> None:
    """8.2.2.3: all option tags that we do not know, not only the first."""
    known = abilities.supported if abilities.session_interval is None else (*abilities.supported, TIMER)
    unknown = [tag for tag in request.tags("require") if tag.lower() not in known]
    if unknown:
        listed = ", ".join(unknown)
        raise RemoteProtocolError(f"Require: {listed}", status_hint=420, headers=[("Unsupported", listed)])


def _check_body(request: Request, abilities: Abilities) -> None:
    """8.2.3. Not done: Content-Language, multipart."""
    if not request.body:
        return
    disposition = (request.headers.get("content-disposition") or "").replace(" ", "").lower()
    if "handling=optional" in disposition:
        return
    if request.content_type not in abilities.accept:
        accept = ", ".join(abilities.accept)
        raise RemoteProtocolError(f"body of {request.content_type}", status_hint=415, headers=[("Accept", accept)])
    encodings = [coding for coding in request.tags("content-encoding") if coding.lower() != "identity"]
    if encodings:
        headers = [("Accept-Encoding", "identity")]
        raise RemoteProtocolError(f"encoding {encodings[0]}", status_hint=415, headers=headers)


def _check_contact(request: Request) -> None:
    """8.1.1.8; in a dialog it only SHOULD be there (12.2.1.1). Not done: RFC 2543 callers (RFC 4475 3.4.1)."""
    contact = request.contact
    if contact is None and (request.to.tag is None or "contact" in request.headers):
        raise RemoteProtocolError("not exactly one Contact in INVITE", status_hint=400)
    if contact is not None and Uri.parse(contact.uri).scheme not in {"sip", "sips"}:
        raise RemoteProtocolError("Contact without a SIP URI in INVITE", status_hint=400)


def _check_accept(request: Request) -> None:
    """20.1, RFC 4475 3.3.15: whoever takes no SDP cannot be answered."""
    if "accept" not in request.headers:
        return
    ranges = [element.partition(";")[0].replace(" ", "").lower() for element in request.tags("accept")]
    if not {SDP, "application/*", "*/*"} & set(ranges):
        raise RemoteProtocolError("Accept without application/sdp", status_hint=406)
