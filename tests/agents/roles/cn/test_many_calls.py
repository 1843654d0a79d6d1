"""Call after call: what one has taken is given back."""

from __future__ import annotations

import gc

from agents.roles.media_ports import DRAIN_S, MOST_DRAINING, SET_ASIDE
from agents.sip.session.session import Session
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.layer import MOST_COMPLETED
from tests.agents.roles.caller import CALLER, Caller, media_to, message, sdp


def test_sockets_are_closed_and_nothing_is_kept() -> None:
    """It was two sockets and a session for each call, for ever: the 509th was silent."""
    caller = Caller()
    for number in range(40):
        tag = caller.call(f"c{number}")
        caller.wait(0.1)
        caller.hang_up(f"c{number}", tag)
    assert len(caller.opened) == 1 + 2 * MOST_DRAINING
    caller.wait(DRAIN_S + 32.0)
    assert len(caller.opened) == 1
    assert caller.node.get_timer() is None
    media = caller.node._media
    assert not any((media._speakers, media._legs, media._listening, media._ends, media._paths))
    caller.heard.clear()
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Session) and one._core is caller.node._ua._core]


def test_a_port_that_comes_round_again_does_not_know_its_last_caller() -> None:
    caller = Caller(descriptors=SET_ASIDE + 2)
    for number in range(3):
        tag = caller.call(f"c{number}", body=sdp(CALLER.ip, 6000 + number))
        assert media_to(caller.wait(0.1)) == {CALLER.ip}
        caller.hang_up(f"c{number}", tag)
        assert len(caller.opened) <= 3
    assert all(len(ends) == 1 for ends in caller.node._media._ends.values())


def test_without_a_descriptor_for_media_there_is_no_call() -> None:
    """RFC 3264 5.1: who answers with a port is ready to receive there."""
    caller = Caller(descriptors=SET_ASIDE + 2)
    tag = caller.call()
    named = ("Supported: handover", f"Handover: call-1;to-tag={tag};from-tag=f1")
    data = message("INVITE", call_id="c2", branch="2", from_tag="f2", body=sdp(CALLER.ip, 6100), more=named)
    assert [one.status for one in caller.say(data)] == [503]
    assert media_to(caller.wait(0.1)) == {CALLER.ip}


def test_a_flood_of_calls_to_a_busy_node_is_not_remembered() -> None:
    caller = Caller()
    caller.call()
    transactions = caller.node._ua._core.transactions
    for number in range(MOST_COMPLETED + 200):
        data = message("INVITE", call_id=f"x{number}", branch=f"x{number}", body=sdp(CALLER.ip, 6000))
        assert [one.status for one in caller.say(data)] == [486]
    assert len(transactions.live()) <= MOST_COMPLETED + 1
    assert len(caller.node._ua._directory._ended) == 0
    assert len(transactions._arrivals) <= MOST_COMPLETED + 1
    assert {one.user for one in transactions._completed.values() if isinstance(one, InviteServer)} == {None}
