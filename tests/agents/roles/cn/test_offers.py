"""Offers that nobody here makes: streams taken away, other address families, ports and zones, and very long ones."""

from __future__ import annotations

import time

import pytest

from agents.sip.message.address import Address
from tests.agents.roles.caller import CALLER, CN, Caller, media_to, message, responses, sdp

CN6, CALLER6 = Address("2001:db8::1", 5060), Address("2001:db8::2", 5060)


def test_a_stream_that_is_taken_away_is_taken_away_and_may_come_back() -> None:
    """RFC 3264 8.2: port 0 in the offer, port 0 in the answer; 8.1: a stream can use the place of one that ended."""
    caller = Caller()
    tag = caller.call()
    assert media_to(caller.wait(0.2)) == {CALLER.ip}
    gone = message("INVITE", cseq=2, branch="2", to_tag=tag, body=sdp(CALLER.ip, 0))
    (answer,) = caller.say(gone)
    assert answer.status == 200
    assert b"m=audio 0 RTP/AVP 0\r\n" in answer.body
    caller.say(message("ACK", cseq=2, branch="2a", to_tag=tag))
    caller.take()
    assert not media_to(caller.wait(6.0))  # nor reports
    (answer,) = caller.say(message("INVITE", cseq=3, branch="3", to_tag=tag, body=sdp(CALLER.ip, 6002)))
    assert answer.status == 200
    assert b"m=audio 30000 RTP/AVP 0\r\n" in answer.body
    caller.say(message("ACK", cseq=3, branch="3a", to_tag=tag))
    assert {one.remote.port for one in caller.wait(0.2) if one.remote.port != CALLER.port} == {6002}
    caller.hang_up("call-1", tag)


def test_a_call_without_any_stream_is_none() -> None:
    assert [one.status for one in Caller().say(message("INVITE", body=sdp(CALLER.ip, 0)))] == [488]


@pytest.mark.parametrize(
    ("at", "me", "media", "status"),
    [(CN, CALLER, CALLER6.ip, 488), (CN6, CALLER6, CALLER.ip, 488), (CN6, CALLER6, CALLER6.ip, 200)],
)
def test_a_stream_that_nothing_can_be_sent_to_is_refused(at: Address, me: Address, media: str, status: int) -> None:
    """With a 200 the call would be silent."""
    caller = Caller(at=at)
    data = message("INVITE", body=sdp(media, 6000), me=me, to=at)
    assert [one.status for one in caller.say(data, remote=me)] == [status]


def test_the_last_port_has_none_behind_it_for_reports() -> None:
    """No socket sends to port 65536: it raises OverflowError, which ended the agent."""
    caller = Caller()
    caller.call(body=sdp(CALLER.ip, 65535))
    assert {one.remote.port for one in caller.wait(10.0)} == {65535}


def test_a_zone_is_somebody_elses() -> None:
    """RFC 4007 11.2. One with bytes that are no text made `sendto` raise TypeError, which ended the agent."""
    caller = Caller(at=CN6)
    data = message("INVITE", body=sdp("fe80::1%zz", 6000), me=CALLER6, to=CN6).replace(b"%zz", b"%\xff\xff")
    caller.say(data, remote=CALLER6)
    assert not media_to(caller.wait(1.0))


def test_an_offer_that_is_very_long_takes_no_longer_than_it_is() -> None:
    """Twice as long, twice the time: it was the product of formats and rtpmap lines."""

    def seconds(size: int) -> float:
        lines = "a=rtpmap:96 PCMU/8000\r\n" * size
        formats = " ".join(str(number % 128) for number in range(size))
        data = message("INVITE", body=sdp(CALLER.ip, 6000, formats=formats, more=lines))
        tries = []
        for _ in range(3):
            caller, began = Caller(), time.process_time()
            (answer,) = caller.say(data)
            tries.append(time.process_time() - began)
            assert answer.status == 200
        return min(tries)

    assert seconds(2000) < 5 * seconds(500)


def test_a_retransmitted_answer_is_the_same() -> None:
    caller = Caller()
    (answer,) = caller.say(message("INVITE", body=sdp(CALLER.ip, 6000)))
    assert [bytes(one) for one in responses(caller.wait(0.6))] == [bytes(answer)]
