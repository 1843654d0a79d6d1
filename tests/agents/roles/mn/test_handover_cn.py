"""`handover-cn`: a second dialog over the new link, and both used until the new one is proven (paper 4.3, Figure 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.media.call_media import MediaSettings
from agents.rtp.playout_events import Concealed
from agents.sip.message.handover import HandoverHeader
from tests.agents.air import Way
from tests.agents.world import LINK_DOWN, World

if TYPE_CHECKING:
    from agents.sdp.audio import Endpoint
    from agents.sip.message.address import Address

HANDOVER = ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
RELEASE = ["BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]
BYE_OVER_UMTS = ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]


def triggered(**options: object) -> World:
    """A call over WiFi whose signal falls at 3 s."""
    world = World(**options)  # type: ignore[arg-type]
    world.run(3.0)
    world.signal()
    return world


def holes(world: World, host: str, since: float = 0.0) -> list[Concealed]:
    """What the listener missed. At the end of a call there is nothing more to play: that is none."""
    end = max(at for at, *_ in world.spoken)
    events = world.heard(host)
    return [event for event in events if isinstance(event, Concealed) and since <= event.at < end - 0.3]


# -- the figure ---------------------------------------------------------------------------------------------------


def test_figure_7() -> None:
    world = triggered()
    world.run_to("DONE")
    assert world.flow(since=3.0) == HANDOVER + RELEASE
    world.settle()
    assert world.flow(since=6.0) == BYE_OVER_UMTS
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_the_handover_invite_names_the_old_dialog_as_its_receiver_knows_it() -> None:
    """RFC 3891 3: to-tag is the receiver's local tag. The dialog itself is a new one, over the new link."""
    world = World()
    world.run(3.0)
    first, answer = world.message("INVITE"), world.message("200 INVITE")
    world.signal()
    invite = world.message("INVITE")
    handover = HandoverHeader.parse(invite.headers.get("handover"))
    assert handover == (first.call_id, answer.to.tag, first.from_.tag, ())
    assert (invite.tags("require"), invite.tags("supported")) == (["handover"], ["handover"])
    assert invite.to.tag is None
    assert (invite.call_id, invite.from_.tag) != (first.call_id, first.from_.tag)
    assert (invite.via.host, invite.contact.uri) == ("10.0.2.1", "sip:mn@10.0.2.1:5060")
    assert invite.uri == answer.contact.uri  # RFC 3891 4: the target of the dialog, not an address of record
    old = world.cn._ua.sessions[0].confirmed_dialog
    assert handover[:3] == (old.call_id, old.local_tag, old.remote_tag)


def test_the_handover_invite_goes_to_where_the_peer_is_now() -> None:
    """RFC 3261 12.2: the remote target is the Contact of the peer's last INVITE or 2xx."""
    world = World()
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    session.reinvite(session.local_sdp, contact="sip:desk@10.0.9.1:5060", now=world.now)
    world.run(0.5)
    world.signal()
    assert world.message("INVITE").uri == "sip:desk@10.0.9.1:5060"


def test_the_peer_sends_over_both_links_from_the_invite_on() -> None:
    """Figure 7; before its ACK, and even when no answer to it arrives."""
    world = World()
    world.run(3.0)
    world.lose("200 INVITE", times=-1)
    world.signal()
    world.run(1.0)
    (arrived,) = (at for at, tell in world.hosts["cn"].told if tell.event == "duplicating")
    assert 3.0 + 0.09 <= arrived <= 3.0 + 0.13
    first_copy = min(at for at, _, sender, receiver in world.spoken if (sender, receiver) == ("cn", "mn.umts"))
    assert first_copy - arrived < 0.020
    assert world.speech("cn", "mn.umts") == world.speech("cn", "mn.wifi", since=arrived)  # the same packets
    assert not world.speech("mn.umts", "cn")  # the node itself waits for the 200


def test_the_mobile_node_sends_over_both_links_from_the_200_on() -> None:
    world = triggered()
    proving = world.run_to("PROVING")
    world.run(0.5)
    assert world.speech("mn.umts", "cn") == world.speech("mn.wifi", "cn", since=proving)
    assert len(world.speech("mn.umts", "cn")) == 25


def test_both_sides_sort_out_the_copies() -> None:
    """Every packet counts once, whichever link brought it first; as many as came twice are copies."""
    world = triggered(call_s=8.0)
    world.settle()
    for host, peer, way in (("mn", "cn", "10.0.9.1>10.0.{}.1"), ("cn", "mn", "10.0.{}.1>10.0.9.1")):
        filter_ = world.hosts[host].media.receiver.filter
        counts = [filter_.count(way.format(number)) for number in (1, 2)]
        said = {number for _, number, sender, _ in world.spoken if sender.startswith(peer)}
        assert sum(count.first for count in counts) == len(said)
        assert sum(count.received for count in counts) == sum(sender.startswith(peer) for *_, sender, _ in world.spoken)
        assert counts[1].duplicate > 25
        assert filter_.refused == 0


@pytest.mark.parametrize("seed", range(12))
def test_nobody_hears_a_handover_from_wifi_to_umts(seed: int) -> None:
    """1.5 ± 1 ms before, 110 ± 20 ms after: no interval with nothing to play, on either side."""
    world = triggered(seed=seed, call_s=10.0)
    world.settle()
    assert world.told("handover_done") == [{"link": "umts"}]
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []


@pytest.mark.parametrize("scheme", ["handover-cn", "handover-b2bua"])
def test_nobody_hears_a_handover_to_a_link_slower_by_far(scheme: str) -> None:
    """420 ms need 1.6 s at a third, after the INVITE and the copies' first way, 1.3 s: so long the old link works."""
    world = World(scheme, umts=Way(0.420), call_s=15.0, supports_handover=scheme == "handover-cn")
    world.run(3.0)
    world.signal()
    world.run(3.5)
    world.drop_carrier("wifi")
    world.settle()
    assert world.told("handover_done") == [{"link": "umts"}]
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []


@pytest.mark.parametrize("scheme", ["handover-cn", "handover-b2bua"])
def test_nobody_hears_a_handover_to_a_link_faster_by_far(scheme: str) -> None:
    """Its first packets are twenty ahead of those on the old link: a relay that saw neither before believes both."""
    world = World(scheme, wifi=Way(0.420), umts=Way(0.002), call_s=15.0, supports_handover=scheme == "handover-cn")
    world.run(5.0)
    world.signal()
    world.settle()
    assert world.told("handover_done") == [{"link": "umts"}]
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []


@pytest.mark.parametrize("seed", range(6))
def test_a_lost_first_invite_does_not_make_the_node_hasty(seed: int) -> None:
    """What the set-up of the call took says nothing about the old path: it may hold T1, or somebody's way to the phone.

    With an uplink slower than the downlink it is the round trip alone that tells how long the peer needs.
    """
    world = World(seed=seed, call_s=10.0)
    world.umts.up, world.umts.down = Way(0.200, 0.010), Way(0.050, 0.010)
    world.lose("INVITE", times=1)
    world.run(3.0)
    world.signal()
    world.settle()
    assert world.told("handover_done")
    assert holes(world, "cn") == []


def test_the_old_link_is_released_when_the_playout_covers_the_new_path_and_not_before() -> None:
    world = triggered()
    world.run_to("PROVING")
    playout, path = world.hosts["mn"].media.receiver.playout, "10.0.9.1>10.0.2.1"

    def step() -> bool:
        assert world.state != "PROVING" or world.flow(since=3.0) == HANDOVER
        return playout.covers(path)

    covered = world.run_until(step)
    assert world.state == "PROVING"  # a quarter of a second has passed at least; 25 packets and the peer's playout too
    released = world.run_to("RELEASING")
    assert playout.covers(path)
    assert 0 <= released - covered < 1.0


def test_a_new_path_that_loses_too_much_is_never_relied_on() -> None:
    """One packet in 25 is tolerated; both links are used to the end of the call."""
    world = triggered(umts=Way(0.110, 0.020, loss=0.15), seed=3)
    world.run(15.0)
    assert world.state == "PROVING"
    assert len(world.speech("cn", "mn.wifi", since=world.now - 1.0)) == 50
    assert len(world.speech("cn", "mn.umts", since=world.now - 1.0)) == 50
    world.settle()
    world.assert_nothing_left()


def test_from_umts_to_wifi_nobody_waits_for_long() -> None:
    """The faster path is covered at once: half a second of speech is enough."""
    world = triggered(wifi=Way(0.110, 0.020), umts=Way(0.0015, 0.001), call_s=10.0)
    assert world.run_to("DONE") < 3.0 + 1.0
    world.settle()
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []


# -- what gets lost on the way --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "link", "times"),
    [("INVITE", "umts", 1), ("INVITE", "umts", 3), ("200 INVITE", "umts", 2), ("ACK", "umts", 2), ("BYE", "wifi", 1)],
)
def test_a_lost_message_is_sent_again_and_nobody_hears_it(label: str, link: str, times: int) -> None:
    world = World(call_s=20.0)
    world.run(3.0)
    world.lose(label, on=link, times=times)
    world.signal()
    world.settle()
    assert sum(line.is_lost for line in world.sent) == times
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.told("call_ended") == [{"status": 200}]
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []
    world.assert_nothing_left()


def test_a_lost_invite_is_sent_again_after_t1() -> None:
    """RFC 3261 17.1.1.2: 500 ms, then twice as much."""
    world = World()
    world.run(3.0)
    world.lose("INVITE", on="umts", times=2)
    world.signal()
    world.run_to("PROVING")
    sent = [round(line.at - 3.0, 6) for line in world.sent if line.label == "INVITE" and line.at >= 3.0]
    assert sent == [0.0, 0.5, 1.5]


def test_media_go_over_both_links_while_the_ack_is_lost() -> None:
    """RFC 3261 13.3.1.4: the peer repeats its 200; that is all."""
    world = World()
    world.run(3.0)
    world.lose("ACK", on="umts", times=1)
    world.signal()
    world.run_to("DONE")
    assert world.flow(since=3.0)[:5] == [
        "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -x cn", "200 INVITE cn -> mn.umts",
        "ACK mn.umts -> cn",
    ]  # fmt: skip


def test_a_bye_that_the_old_link_does_not_answer_goes_over_the_new_one_after_a_second() -> None:
    """Paper 4.3: "the UAC will then send the BYE message using the new interface"; in the old dialog."""
    world = World()
    world.run(3.0)
    world.lose("BYE", on="wifi", times=-1)
    world.signal()
    released = world.run_to("RELEASING")
    world.run_to("DONE")
    chart = world.flow(since=released)
    assert chart == ["BYE mn.wifi -x cn", "BYE mn.wifi -x cn", "BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    byes = [line for line in world.sent if line.label == "BYE"]
    assert [round(line.at - released, 3) for line in byes] == [0.0, 0.5, 1.0]
    old = world.told("call_established")[0]["call_id"]
    assert world.told("bye_repeated") == [{"call_id": old, "link": "umts"}]
    assert {line.message.call_id for line in byes if line.message} == {old}
    assert byes[-1].message is not None
    assert byes[-1].message.cseq.number == byes[0].message.cseq.number + 1  # type: ignore[union-attr]
    world.settle()
    world.assert_nothing_left()


# -- links that come and go -------------------------------------------------------------------------------------------


def test_the_new_link_is_attached_when_it_is_not_there_yet() -> None:
    world = triggered(is_umts_attached=False)
    assert world.state == "WAITING"
    done = world.run_to("DONE")
    assert done > 3.0 + 2.0
    assert world.flow(since=3.0) == HANDOVER + RELEASE


def test_a_link_that_never_attaches_leaves_the_call_where_it_is() -> None:
    world = World(is_umts_attached=False)
    world.umts.attach_s = None
    world.run(3.0)
    world.signal()
    world.run(10.0)
    assert world.state == "WAITING"
    assert len(world.speech("cn", "mn.wifi", since=world.now - 1.0)) == 50
    world.settle()
    assert world.flow(since=3.0) == RELEASE
    world.assert_nothing_left()


def test_a_link_that_dies_while_the_new_one_is_being_proven_is_not_waited_for() -> None:
    """BYE at once, over the new link, because the old one can't carry it."""
    world = triggered()
    world.run_to("PROVING")
    world.run(0.2)
    world.drop_carrier("wifi")
    world.run_to("DONE")
    assert world.flow(since=3.0) == HANDOVER + BYE_OVER_UMTS
    assert not world.speech("mn.wifi", "cn", since=3.5)
    world.run(1.0)
    assert not world.speech("cn", "mn.wifi", since=world.now - 0.5)
    world.settle()
    world.assert_nothing_left()


def test_a_link_that_dies_unnoticed_while_the_new_one_is_being_proven() -> None:
    """Speech over the new link goes on and becomes the only one; the BYE over the old one is in vain."""
    world = triggered()
    world.run_to("PROVING")
    world.cut("wifi")
    world.run_to("DONE")
    assert world.flow(since=3.3) == ["BYE mn.wifi -x cn"] * 2 + BYE_OVER_UMTS
    world.settle()
    world.assert_nothing_left()


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_link_that_dies_between_invite_and_200(is_noticed: bool) -> None:
    """The second dialog stands, so it carries the call; where the old link is known to be gone, at once."""
    world = triggered()
    world.run(0.05)
    world.cut("wifi", noticed_after=0.0 if is_noticed else None)
    proving = world.run_until(lambda: bool(world.speech("mn.umts", "cn")))
    assert proving < 3.0 + 0.26 + 0.02
    done = world.run_to("DONE")
    assert world.flow(since=3.0)[-2:] == BYE_OVER_UMTS
    assert not is_noticed or done - proving < 0.3
    world.settle()
    world.assert_nothing_left()


def test_a_link_that_dies_before_the_handover_starts_leads_to_a_plain_reinvite() -> None:
    """Paper, end of 4.3: "a regular INVITE … using the existing dialog id, and the handover extension not used"."""
    world = World(trigger=LINK_DOWN, is_umts_attached=False)
    world.run(3.0)
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")))
    assert world.flow(since=3.0) == HANDOVER
    invite = world.message("INVITE")
    assert (invite.to.tag is not None, "handover" in invite.headers, "require" in invite.headers) == (
        True,
        False,
        False,
    )
    assert world.told("duplicating", "cn") == []
    world.run(1.0)
    assert len(world.speech("cn", "mn.umts", since=world.now - 0.5)) == 25
    world.settle()
    assert world.flow(since=7.0) == BYE_OVER_UMTS
    world.assert_nothing_left()


def test_a_link_that_dies_before_its_signal_was_seen_to_fall() -> None:
    """Whatever the trigger is, a link that is gone is left."""
    world = World()
    world.run(3.0)
    world.cut("wifi", noticed_after=0.5)
    world.run_until(lambda: bool(world.told("handover_done")))
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "link-down"}]
    assert world.flow(since=3.0) == HANDOVER
    assert "handover" not in world.message("INVITE").headers


def test_a_link_that_comes_back_before_the_new_one_is_there_is_used_for_a_soft_handover() -> None:
    world = World(trigger=LINK_DOWN, is_umts_attached=False)
    world.run(3.0)
    world.drop_carrier("wifi")
    world.run(1.0)
    world.restore("wifi")
    world.run_to("DONE")
    assert world.flow(since=3.0) == HANDOVER + RELEASE


@pytest.mark.parametrize("state", ["INVITING", "PROVING"])
def test_a_new_link_that_goes_again_takes_the_handover_back(state: str) -> None:
    """The call stays on the old link, the copies end, and the handover begins anew when the link is back."""
    world = triggered(call_s=60.0)
    world.run_to(state)
    world.drop_carrier("umts")
    assert world.state == "WAITING"
    world.run(2.0)
    assert len(world.speech("mn.wifi", "cn", since=world.now - 1.0)) == 50
    assert not world.speech("mn.umts", "cn", since=world.now - 1.0)
    if state == "PROVING":
        assert world.flow(since=3.0) == HANDOVER + RELEASE  # this BYE is for the new dialog
        assert not world.speech("cn", "mn.umts", since=world.now - 1.0)
    world.restore("umts")
    world.run_to("DONE")
    world.settle()
    assert world.told("handover_done") == [{"link": "umts"}]
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []
    world.assert_nothing_left()


@pytest.mark.parametrize("is_noticed", [True, False])
def test_both_links_die_and_the_new_one_comes_back(is_noticed: bool) -> None:
    """Whatever was begun is taken back; a re-INVITE in the first dialog saves the call."""
    world = triggered(call_s=60.0)
    world.run_to("PROVING")
    for link in ("wifi", "umts"):
        world.cut(link, noticed_after=0.0 if is_noticed else 1.0)
    world.run(3.0)
    world.restore("umts")
    world.run_until(lambda: bool(world.told("handover_done")))
    world.run(2.0)
    assert len(world.speech("cn", "mn.umts", since=world.now - 1.0)) == 50
    world.settle()
    world.assert_nothing_left()


# -- triggers ---------------------------------------------------------------------------------------------------------


def test_a_trigger_that_never_fires() -> None:
    world = World()
    world.run(3.0)
    world.signal(-60.0)
    world.settle()
    assert world.flow(since=3.0) == RELEASE
    assert world.told("trigger") == []
    world.assert_nothing_left()


def test_a_trigger_that_fires_again_changes_nothing() -> None:
    world = triggered()
    for _ in range(20):
        world.run(0.1)
        world.signal(-80.0)
    world.run_to("DONE")
    world.signal(-90.0)
    world.drop_carrier("wifi")
    world.settle()
    assert len(world.told("trigger")) == 1
    assert world.flow(since=3.0) == HANDOVER + RELEASE + BYE_OVER_UMTS


def test_the_signal_of_the_other_link_is_no_trigger() -> None:
    world = World()
    world.run(3.0)
    world.signal(-99.0, link="umts")
    assert world.state == "IDLE"


def test_a_trigger_that_fires_before_the_call_is_up_counts_when_it_is() -> None:
    world = World()
    world.signal()
    assert world.told("trigger") == []
    assert world.told("call_established") == []
    world.run_to("DONE")
    assert [tell.event for _, tell in world.hosts["mn"].told if tell.event in {"call_established", "trigger"}] == [
        "call_established", "trigger",
    ]  # fmt: skip
    assert world.flow()[3:] == HANDOVER + RELEASE
    world.settle()
    world.assert_nothing_left()


def test_a_call_waits_for_its_link() -> None:
    """It begins when the link can be used, and not over one that has no address."""
    world = World(is_wifi_attached=False)
    world.run(1.9)
    assert world.flow() == []
    world.run(1.0)
    assert world.flow() == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    world.settle()
    world.assert_nothing_left()


# -- hold (RFC 3264 8.4) ------------------------------------------------------------------------------------------


def test_a_call_on_hold_is_handed_over_and_resumed_in_the_new_dialog() -> None:
    """No path can be proven by media that nobody sends; and there is nothing to lose."""
    world = World()
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    session.reinvite((session.local_sdp or b"") + b"a=sendonly\r\n", now=world.now)
    world.run(0.5)
    hold_in(world)
    world.signal()
    world.run_to("DONE")
    assert world.now < 4.0
    assert world.flow(since=3.5) == HANDOVER + RELEASE
    assert world.speech("mn.umts", "cn") == world.speech("mn.wifi", "cn", since=3.2) == []
    world.run(0.3)
    (session,) = world.cn._legs
    session.reinvite((session.local_sdp or b"").replace(b"a=sendonly\r\n", b""), now=world.now)
    world.run(1.0)
    assert len(world.speech("mn.umts", "cn", since=world.now - 0.5)) == 25
    assert len(world.speech("cn", "mn.umts", since=world.now - 0.5)) == 25
    world.settle()
    world.assert_nothing_left()


def hold_in(world: World) -> None:
    """The CN's answers say that it holds, as RFC 6337 5.3 wants it of who has not resumed."""

    class OnHold(MediaSettings):
        def end(self, at: Address, session_id: int) -> Endpoint:
            return super().end(at, session_id)._replace(direction="sendonly")

    world.cn._settings = OnHold(*world.cn._settings)
