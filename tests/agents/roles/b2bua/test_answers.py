"""What a peer of the B2BUA may answer, and what comes of it (RFC 3261 8.1.3.5, 8.2.2.3, 8.2.4, 13.2.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.sip.message.address import Address
from tests.agents.world import CN_IP, HOME_IP, World

from .charts import ALL_MODES, GIVE_UP_S, assert_ended, assert_ends, assert_talks, calls, in_a_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.sip.session.events import IncomingInvite, ReinviteReceived


class Ignorant(CorrespondentNode):
    """Says 200 to what it does not know (RFC 3261 8.2.2.3 notwithstanding), and this to re-INVITEs."""

    reinvites = 200

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._ua._core.abilities = self._ua._core.abilities._replace(supported=("handover",))

    @staticmethod
    def _applied(incoming: IncomingInvite) -> tuple[str, ...]:
        return ()

    def _answer_reinvite(self, received: ReinviteReceived, now: float) -> None:
        if self.reinvites == 200:
            super()._answer_reinvite(received, now)
        else:
            received.session.reject_reinvite(self.reinvites, now=now)


class KeepingOut(Ignorant):
    reinvites = 488


class Forgetful(Ignorant):
    reinvites = 481


class Busy(CorrespondentNode):
    def _refusal(self, incoming: IncomingInvite) -> int | None:
        return 486


PARTIAL: dict[str, Callable[[bytes], bytes]] = {
    "without Unsupported": lambda data: data.replace(b"Unsupported: handover\r\n", b""),
    "with more in it": lambda data: data.replace(b"Unsupported: handover", b"Unsupported: handover, 100rel"),
    "with something else": lambda data: data.replace(b"Unsupported: handover", b"Unsupported: 100rel"),
}


@pytest.mark.parametrize("name", PARTIAL)
def test_any_420_to_our_require_means_that_the_peer_can_not(name: str) -> None:
    """baresip lists only the first option tag that it does not know."""
    world = World("handover-b2bua", supports_handover=False, call_s=200.0)
    edit = PARTIAL[name]
    world.edits["420 INVITE"] = edit
    world.run(3.0)
    assert world.told("bridging", "home")
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world)


def test_a_peer_that_refuses_both_invites_is_called_no_third_time_for_one_of_the_mn() -> None:
    world = World("handover-b2bua", cn=Busy, supports_handover=False)
    world.run(1.0)
    assert calls(world)[-3:] == ["ACK home -> cn", "486 INVITE home -> mn.wifi", "ACK mn.wifi -> home"]
    assert world.flow().count("INVITE home -> cn") == 2
    assert_ended(world, within=0.0)


def test_a_busy_peer_is_busy() -> None:
    world = World("handover-b2bua", cn=Busy)
    world.run(1.0)
    assert "486 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)


def test_a_200_without_proof_leads_to_our_media() -> None:
    """RFC 3261 8.2.4: an extension that was applied is named in Require; by a re-INVITE the B2BUA steps in."""
    world = World("handover-b2bua", cn=Ignorant, call_s=200.0)
    world.run(3.0)
    assert world.told("bridging", "home")
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world, "cn")


def test_a_peer_that_keeps_us_out_of_the_media_has_a_call_all_the_same() -> None:
    """488 to the re-INVITE: direct media, no handover by us; the MN falls back when its link is gone (paper 4.3)."""
    world = World("handover-b2bua", cn=KeepingOut, call_s=200.0)
    world.run(3.0)
    assert not world.told("bridging", "home")
    assert not world.b2bua._office.relays
    assert_talks(world, "wifi")
    world.signal()
    world.run(2.0)
    assert world.state == "FAILED"
    assert_talks(world, "wifi")
    assert_ends(world)


def test_a_peer_that_has_forgotten_the_call_by_then() -> None:
    """481 ends its dialog (RFC 3261 12.2.1.2): no call."""
    world = World("handover-b2bua", cn=Forgetful)
    world.run(1.0)
    assert "504 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)


@pytest.mark.parametrize("is_answered", [True, False])
def test_we_step_in_while_the_peer_changes_its_session(*, is_answered: bool) -> None:
    """Glare (14.1): the peer, who does not own the Call-ID, comes first, and its re-INVITE lets us in."""
    world = World("handover-b2bua", cn=Ignorant, call_s=200.0)
    if not world.cn._legs:
        world.run_until(lambda: bool(world.cn._legs), 1.0)
    world.run_until(lambda: world.flow().count("INVITE home -> cn") == 2, 1.0)
    session = next(iter(world.cn._legs))
    world.lose("ACK", on="wire", times=0)
    world.run_until(lambda: session.state == "CONFIRMED", 1.0)
    if session._reinvites.state == "IDLE":
        session.reinvite(session.local_sdp, now=world.now)
    if not is_answered:
        world.lose("INVITE", on="wire", times=1)
    world.run(6.0)
    assert world.told("bridging", "home")
    assert_talks(world, "wifi")
    assert_ends(world)


def fork(world: World, label: str = "200 INVITE") -> None:
    """Another branch answers the first INVITE too: the same 200 with another To tag and another Contact."""
    response: Any = next(line.message for line in world.sent if str(line) == f"{label} cn -> home")
    data = bytes(response).replace(b"sip:cn@10.0.9.1:5060", b"sip:fork@10.0.9.1:5060")
    tag = response.to.tag.encode()
    home = world.hosts["home"].role
    home.receive_datagram(
        data.replace(b";tag=" + tag, b";tag=other"), local=Address(HOME_IP, 5060), remote=Address(CN_IP, 5060),
        now=world.now,
    )  # fmt: skip
    world._flush()


@pytest.mark.parametrize("mode", ["cn behind home", "home"])
@pytest.mark.parametrize("late_s", [0.0, 10.0])
def test_a_forked_2xx_is_acknowledged_and_ended(mode: str, late_s: float) -> None:
    """RFC 3261 13.2.2.4: each further branch gets its ACK and a BYE; the call is that of the first."""
    world = in_a_call(mode)
    world.run(late_s)
    since = world.now
    fork(world)
    world.run(0.1)
    chart = calls(world, since)
    assert chart == ["ACK home -> cn", "BYE home -> cn", "481 BYE cn -> home"]
    assert world.message("BYE").to.tag == "other"
    assert_talks(world, "wifi")
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("mode", ["cn behind home", "home"])
def test_a_2xx_that_comes_again_is_acknowledged_again(mode: str) -> None:
    """Each copy of it, for as long as the peer sends it (13.2.2.4)."""
    world = World(**{**ALL_MODES[mode], "call_s": 200.0})
    world.lose("ACK", on="wire", times=3)
    world.run(4.0)
    assert world.flow().count("ACK home -x cn") == 3
    assert world.flow().count("ACK home -> cn") >= 1
    assert_talks(world, "wifi")
    assert_ends(world)


def test_a_peer_that_never_answers() -> None:
    """64*T1 without a word: 504 for the MN, which has had a 100 from us."""
    world = World("handover-b2bua", supports_handover=False, call_s=200.0)
    world.lose("INVITE", on="wire", times=-1)
    world.run_until(lambda: bool(world.told("call_ended")), GIVE_UP_S + 1.0)
    assert "504 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)
