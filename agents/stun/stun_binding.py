"""The limited server that every port of SIP has to be: it says from where it was asked (RFC 5626 8, RFC 8489 6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_values import error, xored

if TYPE_CHECKING:
    from agents.sip.message.address import Address

UNKNOWN_ATTRIBUTE = 420


def binding_answer(data: bytes, source: Address) -> bytes | None:
    """The answer to a request for a binding that came from `source`; None to what is none, or can't be read.

    It is not longer than what asked for it and 44 bytes, and nobody is remembered.
    """
    try:
        asked = StunMessage.parse(data)
    except StunParseError:
        return None
    if (asked.kind, asked.method) != (MessageClass.REQUEST, Method.BINDING):
        return None
    if asked.unknown:
        numbers = b"".join(number.to_bytes(2) for number in asked.unknown)
        said = ((Attribute.ERROR_CODE, error(UNKNOWN_ATTRIBUTE, "Unknown")), (Attribute.UNKNOWN_ATTRIBUTES, numbers))
        return StunMessage(MessageClass.ERROR, Method.BINDING, asked.transaction, said).to_bytes()
    mapped = (Attribute.XOR_MAPPED_ADDRESS, xored(source, asked.transaction))
    answer = StunMessage(MessageClass.SUCCESS, Method.BINDING, asked.transaction, (mapped,))
    return answer.to_bytes(has_fingerprint=asked.has_fingerprint)
