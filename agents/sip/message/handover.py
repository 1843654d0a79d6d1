"""The Handover header: which dialog a new INVITE takes over from (Handover paper 4.3; grammar after RFC 3891, 3911).

    Handover        = "Handover" HCOLON callid *(SEMI handover-param)
    handover-param  = to-tag / from-tag / standby / generic-param
    standby         = "standby" EQUAL ("always" / "at-risk" / "on-silence")

with exactly one to-tag and one from-tag (RFC 3891 6.1). The tags are as in a request to the receiver: `to_tag` is the
receiver's local tag, `from_tag` its remote tag (RFC 3891 3). "0" stands for the null tag of RFC 2543 peers. With
`standby`, which goes beyond the paper, the new dialog stands by, and says when media are to go there too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.grammar import WORD, Params, consists_of, format_params, is_token, param, parse_params

if TYPE_CHECKING:
    from agents.sip.message.message import Request

#: The option tag. RFC 3261 8.1.1.9 wants tags from standards-track RFCs only; the paper's extension deviates from it.
OPTION_TAG = "handover"
NAME = "Handover"
STANDBY = "standby"
# RFC 3891 3, RFC 3911 4: headers that contradict each other in one request.
_CONTRADICTING = ("replaces", "join")


class HandoverHeader(NamedTuple):
    """Names one dialog of the receiver."""

    call_id: str
    to_tag: str
    from_tag: str
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> HandoverHeader:
        """Raises `SipParseError`."""
        call_id, semicolon, rest = text.partition(";")
        call_id = call_id.strip()
        if not all(consists_of(word, WORD) for word in call_id.split("@", 1)):
            raise SipParseError(0, "bad Call-ID in Handover", text)
        params = parse_params(semicolon + rest)
        tags = {}
        for name in ("to-tag", "from-tag"):
            values = [value for key, value in params if key.lower() == name]
            if len(values) != 1 or not is_token(values[0] or ""):
                raise SipParseError(0, f"not exactly one {name} in Handover", text)
            tags[name] = param(params, name) or ""
        others = tuple(pair for pair in params if pair[0].lower() not in tags)
        return cls(call_id, tags["to-tag"], tags["from-tag"], others)

    @classmethod
    def of(cls, call_id: str, local_tag: str, remote_tag: str | None, params: Params = ()) -> HandoverHeader:
        """For a dialog of the sender: its remote tag is the receiver's local one, also where the sender was called."""
        return cls(call_id, remote_tag or "0", local_tag, params)

    @property
    def standby(self) -> str | None:
        """When media are to go to a dialog that stands by; None where it doesn't."""
        return param(self.params, STANDBY)

    def __str__(self) -> str:
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{format_params(self.params)}"


def handover_of(request: Request, *, in_dialog: bool) -> HandoverHeader | None:
    """The Handover of a request; raises `RemoteProtocolError` where it breaks a rule (RFC 3891 3)."""
    values = request.headers.get_all(NAME)
    if not values:
        return None
    if request.method != "INVITE" or in_dialog:
        raise RemoteProtocolError("Handover outside of an INVITE for a new dialog", status_hint=400)
    if len(values) > 1:
        raise RemoteProtocolError("more than one Handover", status_hint=400)
    if any(name in request.headers for name in _CONTRADICTING):
        raise RemoteProtocolError("Handover together with Replaces or Join", status_hint=400)
    try:
        return HandoverHeader.parse(values[0])
    except SipParseError as error:
        raise RemoteProtocolError(str(error), status_hint=400) from error
