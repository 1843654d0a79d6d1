"""A handover that the peer refuses, or does not understand: the call goes on over the old link (RFC 3891 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.sip.user_agent import Invitation
from tests.agents.sip.network import OFFER
from tests.agents.world import World

if TYPE_CHECKING:
    from agents.sip.session.events import IncomingInvite

ONLY_WIFI = ["BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]


class Busy(CorrespondentNode):
    """Refuses handovers, as a phone does that takes them for another call."""

    status = 486

    def _refusal(self, incoming: IncomingInvite) -> int | None:
        return self.status if incoming.replaced is not None else super()._refusal(incoming)


class Unable(Busy):
    status = 488


class Declining(Busy):
    status = 603


def in_a_call(**options: object) -> World:
    world = World(**options)  # type: ignore[arg-type]
    world.run(3.0)
    return world


def assert_goes_on_over_wifi(world: World) -> None:
    """Both ways, every packet, and no copy of any; then the call ends as it began."""
    world.run(2.0)
    for ends in (("mn.wifi", "cn"), ("cn", "mn.wifi")):
        numbers = world.speech(*ends, since=3.0)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert not world.speech("mn.umts", "cn", since=world.now - 1.0)
    assert not world.speech("cn", "mn.umts", since=world.now - 1.0)
    since = world.now
    world.settle()
    assert world.flow(since=since) == ONLY_WIFI
    world.assert_nothing_left()


@pytest.mark.parametrize("peer", [Busy, Unable, Declining])
def test_a_refusal(peer: type[Busy]) -> None:
    world = in_a_call(cn=peer)
    old = world.cn._ua.sessions[0]
    before = (old.state, old.local_sdp, old.remote_sdp, old.confirmed_dialog.remote_target)
    world.signal()
    world.run_to("FAILED")
    assert world.flow(since=3.0) == ["INVITE mn.umts -> cn", f"{peer.status} INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert world.told("handover_failed") == [{"status": peer.status}]
    assert (old.state, old.local_sdp, old.remote_sdp, old.confirmed_dialog.remote_target) == before
    assert_goes_on_over_wifi(world)


def test_a_peer_without_the_extension() -> None:
    """RFC 3261 8.1.3.5: the call is made all the same, without Require; the handover then meets its 420."""
    world = in_a_call(supports_handover=False)
    assert world.flow() == [
        "INVITE mn.wifi -> cn", "420 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn",
        "INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn",
    ]  # fmt: skip
    first, second = (line.message for line in world.sent if line.label == "INVITE")
    assert first is not None
    assert second is not None
    assert (first.call_id, first.from_.tag, first.cseq.number + 1) == (
        second.call_id, second.from_.tag, second.cseq.number,
    )  # fmt: skip
    assert (first.tags("require"), second.tags("require")) == (["handover"], [])
    world.signal()
    world.run_to("FAILED")
    assert world.flow(since=3.0) == ["INVITE mn.umts -> cn", "420 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert_goes_on_over_wifi(world)


def test_a_200_without_require_is_a_second_call_and_ended() -> None:
    """RFC 3261 8.2.4: an extension that was applied is named in the 200. Linphone ignores Require."""
    world = in_a_call()
    world.edits["200 INVITE"] = lambda data: data.replace(b"Require: handover\r\n", b"")
    world.signal()
    world.run_to("FAILED")
    world.run(0.3)
    assert world.flow(since=3.0) == [
        "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn",
        "BYE mn.umts -> cn", "200 BYE cn -> mn.umts",
    ]  # fmt: skip
    assert world.told("handover_failed") == [{"status": 200}]
    assert not world.speech("mn.umts", "cn")
    assert_goes_on_over_wifi(world)


@pytest.mark.parametrize("body", [b"", b"nonsense\r\n", b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"])
def test_a_200_whose_answer_can_not_be_used_is_ended(body: bytes) -> None:
    """RFC 3261 13.2.2.4: acknowledged, then ended with BYE."""
    world = in_a_call()
    world.edits["200 INVITE"] = lambda data: replace_body(data, body)
    world.signal()
    world.run_to("FAILED")
    world.run(0.3)
    assert world.flow(since=3.0)[-2:] == ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    assert_goes_on_over_wifi(world)


@pytest.mark.parametrize("body", [b"", b"nonsense\r\n"])
def test_a_first_200_whose_answer_can_not_be_used_is_no_call(body: bytes) -> None:
    world = World()
    world.edits["200 INVITE"] = lambda data: replace_body(data, body)
    world.settle()
    assert world.flow()[2:] == ["ACK mn.wifi -> cn", *ONLY_WIFI]
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_no_answer_at_all_leaves_the_call_where_it_is() -> None:
    """RFC 3261 17.1.1.2: 64*T1 later the INVITE counts as answered with 408; and so do two more, later and later."""
    world = in_a_call(call_s=150.0)
    world.lose("INVITE", on="umts", times=-1)
    world.signal()
    for seconds in (32.0, 4.0 + 32.0, 8.0 + 32.0):
        since, tries = world.now, len(world.told("handover_failed"))
        world.run_until(lambda tries=tries: len(world.told("handover_failed")) > tries)  # type: ignore[misc]
        assert round(world.now - since, 3) == seconds
    assert world.told("handover_failed") == [{"status": 408}] * 3
    assert_goes_on_over_wifi(world)


class Passing(CorrespondentNode):
    """Refuses the first handovers, so many, with this status and Retry-After."""

    refusals: tuple[tuple[int, str], ...] = ()

    def _answer(self, incoming: IncomingInvite, now: float) -> None:
        if incoming.replaced is None or not self.refusals:
            super()._answer(incoming, now)
            return
        (status, wait), self.refusals = self.refusals[0], self.refusals[1:]
        headers = [("Retry-After", wait)] if wait else []
        incoming.session.reject(status, headers=headers, now=now)


def refusing(*refusals: tuple[int, str]) -> type[Passing]:
    return type("Passing", (Passing,), {"refusals": refusals})


@pytest.mark.parametrize(
    ("status", "wait", "after_s"), [(503, "2", 2.0), (480, "0", 1.0), (603, "7", 7.0), (491, "", 4.0), (500, "", 4.0)]
)
def test_a_refusal_that_passes(status: int, wait: str, after_s: float) -> None:
    """RFC 3261 14.1, 20.33: the signal is still low by then, so it is tried again, in a dialog that it begins anew."""
    world = in_a_call(cn=refusing((status, wait)))
    world.signal()
    failed = world.run_to("FAILED")
    again = world.run_until(lambda: world.state != "FAILED")
    assert again - failed == pytest.approx(after_s)
    world.run_to("DONE")
    assert world.told("trigger") == [*world.told("handover_again")]
    invites = [line.message for line in world.sent if line.label == "INVITE"]
    assert len({invite.call_id for invite in invites if invite is not None}) == len(invites) == 3
    world.settle()
    world.assert_nothing_left()


def test_a_refusal_is_forgotten_when_the_reason_is() -> None:
    """Nothing happens at its time; when the signal falls again, the second try comes at once."""
    world = in_a_call(cn=refusing((503, "2")), call_s=60.0)
    world.signal()
    world.run_to("FAILED")
    world.signal(-40.0)
    since = world.now
    world.run(10.0)
    assert world.flow(since=since) == ["ACK mn.umts -> cn"]
    world.signal()
    assert world.state == "INVITING"
    world.run_to("DONE")


def test_it_is_tried_three_times() -> None:
    world = in_a_call(cn=refusing(*[(503, "")] * 9), call_s=100.0)
    world.signal()
    world.run(90.0)
    times = [line.at - 3.0 for line in world.sent if str(line) == "INVITE mn.umts -> cn"]
    assert times == pytest.approx([0.0, 4.2, 12.4], abs=0.1)
    assert_goes_on_over_wifi(world)


@pytest.mark.parametrize("has_failed_before", [True, False])
def test_a_link_that_breaks_while_it_waits_leads_to_a_reinvite_at_once(has_failed_before: bool) -> None:
    """And nothing more comes of what was to be tried again."""
    world = in_a_call(cn=refusing((503, "5")))
    world.signal()
    if has_failed_before:
        world.run_to("FAILED")
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")))
    assert world.now - 3.0 < 1.0
    world.run(10.0)
    assert not world.told("handover_again")
    assert len([line for line in world.flow(since=3.0) if line.startswith("INVITE")]) == 2


def test_a_reinvite_is_tried_again_too() -> None:
    """14.2: 500 with Retry-After for one that came too early."""
    world = in_a_call(scheme="reinvite-soft")
    refused = iter([b"500 Too Early\r\nRetry-After: 3"])
    world.edits["200 INVITE"] = lambda data: data.replace(b"200 OK", next(refused, b"200 OK"))
    world.signal()
    failed = world.run_to("FAILED")
    world.run_until(lambda: bool(world.told("handover_done")))
    assert 3.0 < world.now - failed < 3.3


@pytest.mark.parametrize("is_gone_before", [True, False])
def test_a_refusal_and_a_link_that_breaks_lead_to_a_plain_reinvite(is_gone_before: bool) -> None:
    """What any phone understands; before the refusal came, or after it."""
    world = in_a_call(cn=Busy)
    world.signal()
    if not is_gone_before:
        world.run_to("FAILED")
        world.run(1.0)
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")))
    assert world.flow(since=3.0)[3:] == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    world.run(1.0)
    assert len(world.speech("cn", "mn.umts", since=world.now - 0.5)) == 25
    assert len(world.speech("mn.umts", "cn", since=world.now - 0.5)) == 25
    world.settle()
    world.assert_nothing_left()


def test_a_peer_that_ends_the_new_dialog_while_it_is_being_proven() -> None:
    """As one that runs out of resources; the old dialog is another one."""
    world = in_a_call()
    world.signal()
    world.run_to("PROVING")
    world.run(0.2)
    new = world.cn._ua.sessions[1]
    new.bye(now=world.now)
    world.run_to("FAILED")
    assert world.flow(since=3.0)[3:] == ["BYE cn -> mn.umts", "200 BYE mn.umts -> cn"]
    assert_goes_on_over_wifi(world)


def test_a_peer_that_ends_the_old_dialog_while_the_new_one_is_being_proven() -> None:
    """Then the call goes on in the new one, and nothing is left to release."""
    world = in_a_call()
    world.signal()
    world.run_to("PROVING")
    world.cn._ua.sessions[0].bye(now=world.now)
    world.run_to("DONE")
    world.run(1.0)
    assert not world.speech("mn.wifi", "cn", since=world.now - 0.5)
    assert len(world.speech("mn.umts", "cn", since=world.now - 0.5)) == 25
    world.settle()
    assert world.flow(since=5.0) == ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    world.assert_nothing_left()


def test_a_call_to_the_mobile_node_finds_it_busy() -> None:
    """RFC 3261 8.2, 13.3.1.3: a request gets an answer, and this role takes no calls."""
    world = in_a_call()
    here, there = world.cn._address, world.mn._link.sip_address
    invitation = Invitation("sip:mn@10.0.1.1", "sip:cn@10.0.9.1", "sip:mn@10.0.1.1", contact=here, body=OFFER)
    world.cn._ua.invite(invitation, local=here, remote=there, now=world.now)
    world.run(0.2)
    assert world.flow(since=3.0) == ["INVITE cn -> mn.wifi", "486 INVITE mn.wifi -> cn", "ACK cn -> mn.wifi"]
    assert_goes_on_over_wifi(world)


def replace_body(data: bytes, body: bytes) -> bytes:
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    lines = [line for line in head if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])
