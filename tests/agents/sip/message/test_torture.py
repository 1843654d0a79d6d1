"""Every message of RFC 4475, and what it must bring.

`parse` is the text of the `SipParseError` (without its line), "" for a message that is well formed. `answer` is the
status that a user agent sends, 0 for a call that reaches the role, None for nothing. Where the RFC allows several
answers, the remark says so.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from agents.sip.message.errors import SipParseError
from agents.sip.message.message import Message, Request, Response
from agents.sip.session import events
from tests.agents.sip.network import Network

from .torture import torture_message


class Case(NamedTuple):
    """A line of the table."""

    name: str
    section: str
    parse: str
    answer: int | None
    remark: str = ""


CALL = 0

CASES = [
    # 3.1.1: valid messages
    Case("wsinv", "3.1.1.1", "", 481, "well formed; its To tag names no dialog of ours"),
    Case("intmeth", "3.1.1.2", "", 501),
    Case("esc01", "3.1.1.3", "", CALL),
    Case("escnull", "3.1.1.4", "", 405, "a REGISTER, and this is no registrar"),
    Case("esc02", "3.1.1.5", "", 501),
    Case("lwsdisp", "3.1.1.6", "", 200),
    Case("longreq", "3.1.1.7", "", CALL),
    Case("dblreq", "3.1.1.8", "", 405),
    Case("semiuri", "3.1.1.9", "", 200),
    Case("transports", "3.1.1.10", "", 200),
    Case("mpart01", "3.1.1.11", "", 405, "a MESSAGE"),
    Case("unreason", "3.1.1.12", "", None),
    Case("noreason", "3.1.1.13", "", None),
    # 3.1.2: invalid messages
    Case("badinv01", "3.1.2.1", "bad parameter name", 400),
    Case("clerr", "3.1.2.2", "a body shorter than Content-Length", 400),
    Case("ncl", "3.1.2.3", "bad Content-Length", 400),
    Case("scalar02", "3.1.2.4", "bad CSeq number", 400),
    Case("scalarlg", "3.1.2.5", "bad CSeq number", None),
    Case("quotbal", "3.1.2.6", "unterminated quoted string", 400),
    Case("ltgtruri", "3.1.2.7", "no scheme in a URI", 400),
    Case("lwsruri", "3.1.2.8", "a character that no URI may hold", 400),
    Case("lwsstart", "3.1.2.9", "no scheme in a URI", 400, "to ignore the spaces would do too"),
    Case("trws", "3.1.2.10", "space at the end of the start line", 400, "to ignore the spaces would do too"),
    Case("escruri", "3.1.2.11", "headers in the Request-URI", 400, "to ignore the headers would do too"),
    Case("baddate", "3.1.2.12", "", CALL, "no use is made of Date"),
    Case("regbadct", "3.1.2.13", "a URI that needs <>", 400),
    Case("badaspec", "3.1.2.14", "no scheme in a URI", 400),
    Case("baddn", "3.1.2.15", "no empty line after the header", 400, "the file ends early; see below"),
    Case("badvers", "3.1.2.16", "unknown SIP version", 505),
    Case("mismatch01", "3.1.2.17", "CSeq of another method", 400),
    Case("mismatch02", "3.1.2.18", "CSeq of another method", 400, "501 would do too"),
    Case("bigcode", "3.1.2.19", "bad status line", None),
    # 3.2: transaction layer
    Case("badbranch", "3.2.1", "", 200, "matched as RFC 2543 requests are; 400 would do too"),
    # 3.3: application layer
    Case("insuf", "3.3.1", "no From", 400),
    Case("unkscm", "3.3.2", "", 416),
    Case("novelsc", "3.3.3", "", 416),
    Case("unksm2", "3.3.4", "", 405, "a REGISTER, and this is no registrar"),
    Case("bext01", "3.3.5", "", 420),
    Case("invut", "3.3.6", "", 415),
    Case("regaut01", "3.3.7", "", 405),
    Case("multi01", "3.3.8", "more than one From", 400),
    Case("mcl01", "3.3.9", "contradicting Content-Length", 400),
    Case("bcast", "3.3.10", "", None),
    Case("zeromf", "3.3.11", "", 200),
    Case("cparam01", "3.3.12", "", 405, "a REGISTER, and this is no registrar"),
    Case("cparam02", "3.3.13", "", 405, "a REGISTER, and this is no registrar"),
    Case("regescrt", "3.3.14", "", 405, "a REGISTER, and this is no registrar"),
    Case("sdp01", "3.3.15", "", 406),
    # 3.4: backward compatibility
    Case("inv2543", "3.4.1", "", 400, "no Contact. Not done: RFC 2543 callers"),
]

by_name = pytest.mark.parametrize("case", CASES, ids=[f"{case.name}-{case.section}" for case in CASES])


def test_the_table_is_complete() -> None:
    assert len({case.name for case in CASES}) == 49


@by_name
def test_parse(case: Case) -> None:
    data = torture_message(case.name)
    if case.parse:
        with pytest.raises(SipParseError) as caught:
            Message.parse(data)
        assert caught.value.what == case.parse
    else:
        message = bytes(Message.parse(data))
        assert data.startswith(message)  # byte for byte, but for octets after the body (18.3)
        assert len(message) == len(data) or case.name == "dblreq"


@by_name
def test_answer(case: Case) -> None:
    network = Network()
    node = network.node("ua")
    network.inject(torture_message(case.name), to=node)
    replies = [line.message for line in network.sent]
    if case.answer == CALL:
        assert len(node.seen(events.IncomingInvite)) == 1
        assert replies == []
    elif case.answer is None:
        assert replies == []
        assert len(node.seen(events.Discarded)) == 1
    else:
        # What was broken in the request is broken in its echo, so no more than the status is looked at here.
        assert [line.label.split()[0] for line in network.sent] == [str(case.answer)]


@by_name
def test_answers_are_well_formed_where_the_request_was(case: Case) -> None:
    if case.parse or not case.answer:
        return
    network = Network()
    node = network.node("ua")
    network.inject(torture_message(case.name), to=node)
    (line,) = network.sent
    assert isinstance(line.message, Response)
    assert line.message.status == case.answer


def test_baddn_is_refused_for_its_display_name_too() -> None:
    """3.1.2.15: the archive's file lacks the empty line, which hides what it is there for."""
    with pytest.raises(SipParseError, match="a display name that needs quotes"):
        Message.parse(torture_message("baddn") + b"\r\n")


def test_what_the_valid_messages_say() -> None:
    """3.1.1.1, 3.1.1.2, 3.1.1.5, 3.1.1.9, 3.3.12, 3.3.13, in the words of the sections."""
    wsinv = read("wsinv")
    assert wsinv.to.tag == "1918181833n"
    assert wsinv.from_.display == '"J Rosenberg \\\\\\""'
    assert wsinv.max_forwards == 68
    assert wsinv.cseq == (9, "INVITE")
    assert [str(via.transport) for via in wsinv.vias] == ["UDP", "TCP", "UDP"]
    assert [via.branch for via in wsinv.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert wsinv.headers.get("Subject") == ""
    assert wsinv.headers.get("unknownheaderwithunusualvalue") == ";;,,;;,;"
    assert wsinv.headers.get("newfangledheader") == "newfangled value continued newfangled value"
    assert wsinv.contact is not None
    assert wsinv.contact.param("q") == "0.33"
    intmeth = read("intmeth")
    assert intmeth.from_.tag == "_token~1'+`*%!-."
    assert intmeth.parsed_uri.host == "example.com"
    assert [contact.uri for contact in read("esc02").contacts] == [
        "sip:alias1@host1.example.com",
        "sip:alias3@host3.example.com",
    ]
    assert read("semiuri").parsed_uri.user == "user;par=u%40example.net"
    assert read("cparam01").contacts[0].params == (("unknownparam", None),)
    assert read("cparam02").contacts[0].params == ()
    assert len(read("longreq").vias) == 34
    assert read("zeromf").max_forwards == 0
    assert read("bext01").tags("require") == ["nothingSupportsThis", "nothingSupportsThisEither"]


def read(name: str) -> Request:
    message = Message.parse(torture_message(name))
    assert isinstance(message, Request)
    return message
