"""Who has only overheard a call's names: its ACK, its Handover and its requests without a password change nothing.

RFC 3261 22.1, 26.1.2, 26.3.2.4; RFC 3891 8.
"""

from __future__ import annotations

from typing import Any

import pytest

from agents.sip.message.address import Address
from tests.agents.roles.caller import CALLER, STRANGER, Caller, credentials_for, media_to, message, responses, sdp
from tests.agents.rtp.packets import build_packet

STOLEN = sdp(STRANGER.ip, 6600)
GUARDED: dict[str, Any] = {"realm": "example", "users": {"mn": "secret"}}


@pytest.mark.parametrize("branch", ["other", "icall-1"])
def test_an_ack_of_another_host_brings_no_answer(branch: str) -> None:
    """Nor does one under the INVITE's own branch, as those of RFC 2543 are: media are silent until the peer's comes."""
    caller = Caller(caller_stays=True)
    (offer,) = caller.say(message("INVITE", branch="icall-1"))
    tag = offer.to.tag or ""
    for to_tag in (tag, "guessed"):
        caller.say(
            message("ACK", branch=branch, to_tag=to_tag, body=STOLEN, me=STRANGER if branch == "other" else CALLER),
            remote=STRANGER,
        )
    assert not media_to(caller.wait(0.3))
    caller.say(message("ACK", branch="own", to_tag=tag, body=sdp(CALLER.ip, 6000)))
    assert media_to(caller.wait(0.3)) == {CALLER.ip}


def test_nor_does_one_without_a_body_end_the_wait_for_the_peers() -> None:
    """It would roll the offer back, and the call would stay silent."""
    caller = Caller(caller_stays=True)
    (offer,) = caller.say(message("INVITE", branch="i"))
    tag = offer.to.tag or ""
    caller.say(message("ACK", branch="x", to_tag=tag, me=STRANGER), remote=STRANGER)
    assert [one.status for one in responses(caller.wait(0.6))] == [200]  # it waits, and repeats
    caller.say(message("ACK", branch="own", to_tag=tag, body=sdp(CALLER.ip, 6000)))
    assert media_to(caller.wait(0.3)) == {CALLER.ip}


@pytest.mark.parametrize("has_credentials", [False, True])
def test_credentials_that_were_overheard_move_no_media_by_an_ack(has_credentials: bool) -> None:
    """But from wherever the caller is by now, they acknowledge what it has said where it listens before."""
    caller = Caller(**GUARDED)
    (challenge,) = caller.say(message("INVITE", branch="first"))
    own = credentials_for(challenge)
    (offer,) = caller.say(message("INVITE", branch="second", cseq=2, more=own))
    assert offer.status == 200
    tag = offer.to.tag or ""
    ack = message("ACK", cseq=2, branch="x", to_tag=tag, body=STOLEN, more=own if has_credentials else (), me=STRANGER)
    caller.say(ack, remote=STRANGER)
    assert not media_to(caller.wait(0.3))


def test_a_caller_that_has_moved_acknowledges_by_its_credentials() -> None:
    caller = Caller(**GUARDED)
    body = sdp(CALLER.ip, 6000)
    (challenge,) = caller.say(message("INVITE", branch="first", body=body))
    own = credentials_for(challenge)
    (answer,) = caller.say(message("INVITE", branch="second", cseq=2, more=own, body=body))
    tag = answer.to.tag or ""
    bare = message("ACK", cseq=2, branch="bare", to_tag=tag, me=STRANGER)
    caller.say(bare, remote=STRANGER)
    assert [one.status for one in responses(caller.wait(0.6))] == [200]
    caller.say(message("ACK", cseq=2, branch="own", to_tag=tag, me=STRANGER, more=own), remote=STRANGER)
    assert responses(caller.wait(5.0)) == []


def test_a_handover_of_another_host_is_forbidden_where_peers_are_known_by_their_hosts() -> None:
    caller = Caller(caller_stays=True)
    tag = caller.call()
    more = ("Require: handover", "Supported: handover", f"Handover: call-1;to-tag={tag};from-tag=f1")
    stolen = message("INVITE", call_id="call-2", branch="x", from_tag="x", body=STOLEN, more=more, me=STRANGER)
    assert [one.status for one in caller.say(stolen, remote=STRANGER)] == [403]
    assert media_to(caller.wait(0.5)) == {CALLER.ip}
    own = message("INVITE", call_id="call-3", branch="y", from_tag="y", body=sdp(CALLER.ip, 6100), more=more)
    assert [one.status for one in caller.say(own)] == [200]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (message("INVITE", body=sdp(CALLER.ip, 6000)), 401),
        (message("INVITE", to_tag="nobodys"), 481),
        (message("INVITE", more=("Require: magic",)), 420),
        (message("INVITE", more=("Handover: x;to-tag=1",)), 400),
        (message("OPTIONS"), 401),
        (message("BYE", to_tag="nobodys"), 481),
        (message("CANCEL"), 481),
        (message("DANCE"), 501),
    ],
)
def test_who_has_proved_nothing_is_answered_once_and_forgotten(data: bytes, status: int) -> None:
    """The source of a datagram, or the maddr of its Via, may be a third party's: it gets no repetitions."""
    caller = Caller(**GUARDED)
    (answer,) = caller.say(data)
    assert answer.status == status
    assert caller.node.get_timer() is None
    assert caller.wait(40.0) == []
    (again,) = caller.say(data)  # a retransmission is answered, with the same tag (8.2.7)
    assert (again.status, again.to.tag) == (status, answer.to.tag)


def test_who_has_proved_who_he_is_is_refused_with_a_transaction() -> None:
    caller = Caller(**GUARDED)
    (challenge,) = caller.say(message("INVITE", branch="first"))
    own = (*credentials_for(challenge), "Handover: nothing@here;to-tag=1;from-tag=2", "Supported: handover")
    (refusal,) = caller.say(message("INVITE", branch="second", cseq=2, more=own))
    assert refusal.status == 481
    assert [one.status for one in responses(caller.wait(0.6))] == [481]  # until the ACK comes (17.2.1)
    caller.say(message("ACK", branch="second", cseq=2, to_tag=refusal.to.tag or ""))
    assert caller.wait(40.0) == []


def test_over_ipv6_hosts_are_known_by_their_addresses_however_these_are_written() -> None:
    """RFC 5118 4.5, RFC 5952: the kernel writes a sender's address in one way, descriptions and Contacts in many."""
    here, proxy, me = (Address(f"2001:db8::{number}", 5060) for number in (1, 5, 2))
    stranger, as_written = Address("2001:db8:9::9", 5060), Address("2001:DB8:0:0::0002", 5060)
    caller = Caller(at=here, caller_stays=True)
    (answer,) = caller.say(
        message("INVITE", branch="i", body=sdp(as_written.ip, 6000), me=as_written, to=here), remote=proxy
    )
    assert answer.status == 200
    tag = answer.to.tag or ""
    caller.say(message("ACK", branch="a", to_tag=tag, me=as_written, to=here), remote=me)
    assert media_to(caller.wait(0.1)) == {me.ip}
    media = next(one for one in caller.opened if one.port >= 30000 and not one.port % 2)
    for remote in (me, stranger):
        data = build_packet(0, 1, 160, 7, bytes(160))
        caller.node.receive_datagram(data, local=media, remote=remote._replace(port=6000), now=caller.now)
    assert caller.node._media.stray == 1
    bye = message("BYE", branch="b", cseq=2, to_tag=tag, me=as_written, to=here)
    assert [one.status for one in caller.say(bye, remote=stranger)] == [403]
    assert [one.status for one in caller.say(bye, remote=me)] == [200]
