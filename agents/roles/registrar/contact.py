"""What a Contact of a REGISTER asks for (RFC 3261 10.2, RFC 5626 6; paper, section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.grammar import MAX_SECONDS, consists_of, is_token, parse_number, unquote
from agents.sip.message.name_addr import NameAddr
from agents.sip.message.uri import Uri

if TYPE_CHECKING:
    from agents.sip.message.message import Request

OUTBOUND = "outbound"
#: RFC 3261 10.2: what a malformed expiration stands for.
MALFORMED_EXPIRES_S = 3600
#: RFC 5626 10.
MOST_REG_ID = 2**31 - 1
DIGITS = "0123456789"


class RegistrarPolicy(NamedTuple):
    """What a registrar supports, and for how long it binds, in seconds."""

    #: The paper's `ua_id`, `if_q` and `if_no`.
    is_proactive: bool = False
    #: RFC 5626.
    is_outbound: bool = False
    default_s: int = 3600
    min_s: int = 60
    max_s: int = 7200


class Contact(NamedTuple):
    """One Contact value. What the registrar does not support is empty: it has not seen it."""

    uri: Uri
    #: As it was written.
    text: str
    #: Requested seconds.
    expires_s: int
    q: str = ""
    ua_id: str = ""
    if_q: str = ""
    #: The URN in +sip.instance.
    instance: str = ""
    reg_id: int | None = None


def contacts_of(request: Request, policy: RegistrarPolicy) -> list[Contact]:
    """The Contact values of a REGISTER; raises `RemoteProtocolError` where they cannot stand together."""
    flows = _has_flows(request, policy)
    contacts = [_contact(value, request, policy, has_flows=flows) for value in request.contacts]
    added = [contact for contact in contacts if contact.expires_s]
    if len(added) > 1 and any(contact.reg_id is not None for contact in added):
        raise RemoteProtocolError("one flow, several contacts", status_hint=400)  # RFC 5626 6
    for contact in added:
        # RFC 3261 10.3, step 7: only what is shorter than an hour may be refused.
        if contact.expires_s < min(policy.min_s, 3600):
            headers = [("Min-Expires", str(policy.min_s))]
            raise RemoteProtocolError("interval too brief", status_hint=423, headers=headers)
    return contacts


def clears_all(request: Request) -> bool:
    """Whether it is `Contact: *`; raises `RemoteProtocolError` when it is not alone, or not to end at once (10.3)."""
    if "*" not in request.headers.elements("contact"):
        return False
    if len(request.headers.elements("contact")) > 1 or request.expires != 0:
        raise RemoteProtocolError("Contact: * with others, or without Expires: 0", status_hint=400)
    return True


def _has_flows(request: Request, policy: RegistrarPolicy) -> bool:
    """Whether reg-id counts: the first hop must be able to tell flows apart (RFC 5626 6)."""
    if not policy.is_outbound:
        return False
    if len(request.vias) == 1 or _is_outbound_path(request):
        return True
    if OUTBOUND in request.tags("supported") and any(one.param("reg-id") is not None for one in request.contacts):
        raise RemoteProtocolError("no outbound at the first hop", status_hint=439)
    return False


def _is_outbound_path(request: Request) -> bool:
    try:
        first, *_ = request.tags("path") or [""]
        params = Uri.parse(NameAddr.parse(first).uri).params
    except SipParseError:
        return False
    return any(name.lower() == "ob" for name, _ in params)


def _contact(value: NameAddr, request: Request, policy: RegistrarPolicy, *, has_flows: bool) -> Contact:
    contact = Contact(Uri.parse(value.uri), value.uri, _expires(value, request, policy), _qvalue(value.param("q")))
    ua_id, if_q = value.param("ua_id") or "", _qvalue(value.param("if_q"))
    if policy.is_proactive and is_token(ua_id) and if_q:
        contact = contact._replace(ua_id=ua_id, if_q=if_q)
    instance, reg_id = unquote(value.param("+sip.instance") or ""), _reg_id(value.param("reg-id"))
    if has_flows and instance and reg_id is not None:  # RFC 5626 6: a reg-id without an instance is ignored
        contact = contact._replace(instance=_urn(instance), reg_id=reg_id)
    return contact


def _expires(value: NameAddr, request: Request, policy: RegistrarPolicy) -> int:
    """10.3, step 7: of the contact, else of the request, else our own."""
    text = value.param("expires")
    if text is None:
        text = request.headers.get("expires")
    if text is None:
        return policy.default_s
    if not consists_of(text, DIGITS):
        return MALFORMED_EXPIRES_S
    # 10.2: what is longer counts as 2**32 - 1; no text of any length becomes a number.
    return MAX_SECONDS if len(text.lstrip("0")) > 10 else min(int(text), MAX_SECONDS)


def _qvalue(text: str | None) -> str:
    """0 to 1 with up to three decimals (25.1, qvalue); '' when it is not there or malformed."""
    whole, dot, decimals = (text or "").partition(".")
    if whole not in {"0", "1"} or len(decimals) > 3 or decimals.strip(DIGITS) or (whole == "1" and decimals.strip("0")):
        return ""
    return f"{whole}{dot}{decimals}"


def _reg_id(text: str | None) -> int | None:
    try:
        return parse_number(text or "", MOST_REG_ID, "reg-id") or None
    except SipParseError:
        return None


def _urn(instance: str) -> str:
    """RFC 5626 4.1: extracted from its brackets. The hex digits of a UUID are compared without case (RFC 4122 3)."""
    urn = instance.removeprefix("<").removesuffix(">")
    return urn.lower() if urn[:9].lower() == "urn:uuid:" else urn
