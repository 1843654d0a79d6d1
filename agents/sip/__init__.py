"""SIP without I/O: bytes and times in; bytes, timers and events out (RFC 3261 and its kin).

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from agents.sip.digest.client import Account, DigestClient
    from agents.sip.digest.server import OFFERED, DigestServer
    from agents.sip.message.address import TCP, UDP, Address, Datagram, Flow
    from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError, SipParseError
    from agents.sip.message.handover import HandoverHeader
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.message.name_addr import NameAddr
    from agents.sip.message.uri import Uri
    from agents.sip.session.abilities import Abilities, SessionInterval
    from agents.sip.session.client_request import Ask, ClientRequest
    from agents.sip.session.events import Event
    from agents.sip.session.server_request import ServerRequest
    from agents.sip.session.session import Session
    from agents.sip.user_agent import Invitation, UserAgent

__all__ = [
    "OFFERED",
    "TCP",
    "UDP",
    "Abilities",
    "Account",
    "Address",
    "Ask",
    "ClientRequest",
    "Datagram",
    "DigestClient",
    "DigestServer",
    "Event",
    "Flow",
    "HandoverHeader",
    "Invitation",
    "LocalProtocolError",
    "Message",
    "NameAddr",
    "RemoteProtocolError",
    "Request",
    "Response",
    "ServerRequest",
    "Session",
    "SessionInterval",
    "SipParseError",
    "Uri",
    "UserAgent",
]

_HOMES = {
    "digest.client": "Account DigestClient",
    "digest.server": "DigestServer OFFERED",
    "message.address": "TCP UDP Address Datagram Flow",
    "message.errors": "LocalProtocolError RemoteProtocolError SipParseError",
    "message.handover": "HandoverHeader",
    "message.message": "Message Request Response",
    "message.name_addr": "NameAddr",
    "message.uri": "Uri",
    "session.abilities": "Abilities SessionInterval",
    "session.client_request": "Ask ClientRequest",
    "session.events": "Event",
    "session.server_request": "ServerRequest",
    "session.session": "Session",
    "user_agent": "Invitation UserAgent",
}

__getattr__ = exporting(__name__, _HOMES)
