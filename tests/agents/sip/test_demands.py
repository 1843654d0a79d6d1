"""What docs/sip.md lists and no other test holds the core to: small print of RFC 3261, 6026 and 6141."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agents.sip.message.address import Datagram
from agents.sip.message.errors import LocalProtocolError
from agents.sip.session import events

from .network import ANSWER, MOVED, Network, Node, two_phones

if TYPE_CHECKING:
    from agents.sip.session.session import Session

ROOT = Path(__file__).resolve().parents[3]


def test_ack_and_cancel_require_nothing() -> None:
    """8.2.2.3: a CANCEL and the ACK for a refusal MUST NOT; the ACK for a 2xx may repeat the INVITE's, and need not."""
    network, mn, cn = two_phones()
    mn.call(cn, require=("handover",))
    network.run()
    assert network.flow() == ["INVITE mn.wifi -> cn", "420 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert "require" not in network.request("ACK").headers
    mn.call(cn)
    network.run()
    assert "require" not in network.request("ACK").headers


def test_an_extension_is_only_applied_for_a_caller_that_supports_it() -> None:
    """8.2.4."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: None)
    mn.call(cn)
    network.run()
    session = cn.only(events.IncomingInvite).session
    with pytest.raises(LocalProtocolError, match=r"8\.2\.4"):
        session.accept(ANSWER, require=("handover",), now=network.now)
    session.accept(ANSWER, now=network.now)
    network.run()
    assert session.state == "CONFIRMED"


def test_a_response_that_is_cut_off_is_dropped() -> None:
    """18.3: its Content-Length is beyond the datagram; the next copy is taken."""
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run(0.015)
    (wire,) = network._wire
    whole = wire[2]
    network._wire.clear()
    network.inject(whole.data[:-5], to=mn, remote=whole.local)
    assert session.state == "CALLING"
    assert mn.ua.discarded == {"a body shorter than Content-Length": 1}
    network.run(1.0)
    assert session.state == "CONFIRMED"


def test_a_response_that_could_not_be_sent_leaves_its_transaction() -> None:
    """RFC 6026 8.8: the link has just died; the INVITE that comes over the next one is no new call."""
    network, mn, cn = two_phones()
    mn.call(cn)
    network.run(0.015)
    (wire,) = network._wire
    network._wire.clear()
    cn.ua.send_failed(wire[2], now=network.now)
    network.run(1.0)
    assert network.flow() == [
        "INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]  # fmt: skip
    assert len(cn.seen(events.IncomingInvite)) == 1


def test_an_unreliable_provisional_response_refreshes_no_target() -> None:
    """RFC 6141 4.7: a re-INVITE may still fail."""
    network, mn, cn, session = in_a_call()
    before = session.confirmed_dialog.remote_target
    cn.on(events.ReinviteReceived, lambda event: None)
    session.reinvite(MOVED, now=network.now)
    network.run(0.015)
    invite = network.request("INVITE")
    fields = "".join(f"{name}: {invite.headers.get(name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
    ringing = f"SIP/2.0 180 Ringing\r\n{fields}Contact: <sip:elsewhere@192.0.2.7>\r\nContent-Length: 0\r\n\r\n"
    network.inject(ringing.encode(), to=mn, remote=cn.address)
    assert session.confirmed_dialog.remote_target == before
    cn.only(events.ReinviteReceived).session.accept_reinvite(ANSWER, contact="sip:new@10.0.9.1", now=network.now)
    network.run()
    assert session.confirmed_dialog.remote_target == "sip:new@10.0.9.1"


def test_an_ack_for_a_refusal_that_could_not_be_sent_says_nothing_about_the_call() -> None:
    """RFC 6141 5.3."""
    network, mn, cn, session = in_a_call()
    cn.on(events.ReinviteReceived, lambda event: event.session.reject_reinvite(488, now=network.now))
    session.reinvite(MOVED, now=network.now)
    network.lose("ACK", -1)
    network.run()
    ack = network.request("ACK")
    assert network.flow()[-1] == "ACK mn.wifi -x cn"
    mn.ua.send_failed(Datagram(mn.address, cn.address, bytes(ack)), now=network.now)
    network.run(40.0)
    assert session.state == "CONFIRMED"
    assert not mn.seen(events.SessionTerminated)


def in_a_call() -> tuple[Network, Node, Node, Session]:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    return network, mn, cn, session


def test_every_test_that_the_document_names_exists() -> None:
    text = (ROOT / "docs" / "sip.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", text))
    code = "".join(path.read_text() for path in (ROOT / "tests" / "agents").rglob("test_*.py"))
    assert len(named) > 80
    assert named - set(re.findall(r"^def (test_\w+)", code, re.MULTILINE)) == set()
