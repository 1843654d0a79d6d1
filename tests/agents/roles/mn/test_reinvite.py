"""`reinvite`: break before make, by RFC 3261 14.1 and RFC 3264 8.3.1; the paper's baseline (section 2.2, Figure 3)."""

from __future__ import annotations

import pytest

from agents.rtp.packet import RtpPacket
from agents.rtp.playout_events import Concealed
from agents.sdp.description import SessionDescription
from agents.sip.message.address import Address
from tests.agents.air import Way
from tests.agents.world import LINK_DOWN, World


def in_a_call(seconds: float = 3.0, **options: bool) -> World:
    """A call over WiFi; UMTS is attached when the trigger asks for it."""
    world = World("reinvite", trigger=LINK_DOWN, is_umts_attached=options.get("is_umts_attached", False))
    world.run(seconds)
    return world


def test_link_cut_trigger_attach_reinvite_media() -> None:
    """The whole of it, as a chart, and the times of its phases."""
    world = in_a_call()
    world.cut("wifi", noticed_after=0.5)
    done = world.run_to("DONE")
    assert world.flow(since=3.0) == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    events = [tell.event for at, tell in world.hosts["mn"].told if at > 3.0 and tell.event != "scheme"]
    assert events == ["link_down", "trigger", "link_up", "address", "handover_done"]
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "link-down"}]
    assert 3.0 + 0.5 + 2.0 + 0.18 < done < 3.0 + 0.5 + 2.0 + 0.26  # detect, attach, a round trip over UMTS
    world.run(2.0)
    assert not world.speech("mn.wifi", "cn", since=done)
    assert not world.speech("cn", "mn.wifi", since=done)
    for ends in (("mn.umts", "cn"), ("cn", "mn.umts")):
        numbers = world.speech(*ends)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert len(numbers) > 99
    world.settle()
    assert world.flow(since=5.8) == ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_the_reinvite_says_where_the_node_is_now() -> None:
    """Same dialog, next CSeq, new Contact and c=; o= is the same but for its version (RFC 3264 8)."""
    world = in_a_call()
    first, answer = world.message("INVITE"), world.message("200 INVITE")
    world.cut("wifi", noticed_after=0.0)
    world.run_to("DONE")
    second = world.message("INVITE")
    assert (second.call_id, second.from_.tag, second.to.tag) == (first.call_id, first.from_.tag, answer.to.tag)
    assert second.cseq.number == first.cseq.number + 1
    assert (first.contact.uri, second.contact.uri) == ("sip:mn@10.0.1.1:5060", "sip:mn@10.0.2.1:5060")
    assert second.via.host == "10.0.2.1"
    before, after = SessionDescription.parse(first.body), SessionDescription.parse(second.body)
    assert after.origin == before.origin._replace(version=before.origin.version + 1)
    assert (before.media[0].address, after.media[0].address) == ("10.0.1.1", "10.0.2.1")
    assert before.media[0].port != after.media[0].port


def test_the_peer_sends_to_the_new_address_as_soon_as_it_has_the_reinvite() -> None:
    """RFC 3264 8.3.1: to the new port once the answer is sent; the same stream, the next number."""
    world = in_a_call(is_umts_attached=True)
    world.lose("200 INVITE", times=-1)
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.speech("cn", "mn.umts")))
    assert world.now - 3.0 < 0.130 + 0.020  # one way, and the rest of a packet interval
    assert world.speech("cn", "mn.umts")[0] == world.speech("cn", "mn.wifi")[-1] + 1


def test_a_lost_reinvite_is_sent_again_after_t1() -> None:
    world = in_a_call(is_umts_attached=True)
    world.lose("INVITE", on="umts", times=2)
    world.cut("wifi", noticed_after=0.0)
    world.run_to("DONE")
    lines = [line for line in world.sent if line.label == "INVITE" and line.at >= 3.0]
    assert [(round(line.at - 3.0, 6), line.is_lost) for line in lines] == [(0.0, True), (0.5, True), (1.5, False)]


def test_a_lost_200_and_a_lost_ack_are_made_up_for() -> None:
    """RFC 3261 13.3.1.4, 13.2.2.4."""
    world = in_a_call(is_umts_attached=True)
    world.lose("200 INVITE", on="umts")
    world.lose("ACK", on="umts", times=2)
    world.cut("wifi", noticed_after=0.0)
    world.run_to("DONE")
    world.settle()
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_media_to_the_old_port_are_still_taken() -> None:
    """RFC 3264 8.3.1: packets that are on their way to the old port. On a link that still delivers none is lost."""
    world = World("reinvite", trigger={"on": "signal", "below": -60.0}, wifi=Way(0.3), umts=Way(0.01))
    world.run(3.0)
    world.signal()
    world.run_to("DONE")
    world.run(3.0)
    assert world.mn._call.media.stray == 0
    paths = world.mn._call.media.receiver.filter.paths
    first, last = world.speech("cn", "mn.wifi")[0], world.speech("cn", "mn.umts")[-1]
    came = sum(world.mn._call.media.receiver.filter.count(path).first for path in paths)
    assert last - first + 1 - came <= 1  # the last one is on its way


def test_no_event_of_the_playout_is_a_hole_when_both_links_live() -> None:
    """`reinvite` on clean links, make before break: what is lost is only what the slow path is slower."""
    world = World("reinvite", wifi=Way(0.0015), umts=Way(0.0015))
    world.run(3.0)
    world.signal()
    world.run(5.0)
    for host in ("mn", "cn"):
        assert [event for event in world.heard(host) if isinstance(event, Concealed)] == []


def test_the_peer_moves_its_media() -> None:
    """RFC 3261 14.2, RFC 3264 8.3.1: it says so in a re-INVITE of its own, and the mobile node follows."""
    world = in_a_call()
    session = world.cn._ua.sessions[0]
    elsewhere = (session.local_sdp or b"").replace(b"m=audio 30000", b"m=audio 30100")
    world.hosts["cn"].open |= {Address("10.0.9.1", 30100), Address("10.0.9.1", 30101)}
    session.reinvite(elsewhere, now=world.now)
    world.run(1.0)
    assert world.flow(since=3.0) == ["INVITE cn -> mn.wifi", "200 INVITE mn.wifi -> cn", "ACK cn -> mn.wifi"]
    (leg,) = world.mn._call.media.legs.values()
    assert leg.remote == Address("10.0.9.1", 30100)
    answer = SessionDescription.parse(world.message("200 INVITE").body)
    assert (answer.media[0].address, answer.media[0].port) == ("10.0.1.1", 20000)


def test_the_peer_puts_the_call_on_hold_and_takes_it_back() -> None:
    """RFC 3264 8.4: nothing is sent to a peer that only sends."""
    world = in_a_call()
    session = world.cn._ua.sessions[0]
    described = session.local_sdp or b""
    session.reinvite(described + b"a=sendonly\r\n", now=world.now)
    world.run(1.0)
    assert world.speech("mn.wifi", "cn", since=3.1) == []
    assert b"a=recvonly" in world.message("200 INVITE").body
    before = [RtpPacket.parse(data) for data in world.got["cn"]]
    session.reinvite(described, now=world.now)
    world.run(1.0)
    assert world.speech("mn.wifi", "cn", since=4.1)
    first, *others = [RtpPacket.parse(data) for data in world.got["cn"]][len(before) :]
    assert first.sequence == (before[-1].sequence + 1) & 0xFFFF, "no number is missing: nothing was lost"
    assert (first.timestamp - before[-1].timestamp) % 2**32 == pytest.approx(8000, abs=1000)
    assert first.marker, "a talk spurt begins (RFC 3551 4.1)"
    assert not any(packet.marker for packet in others)


def test_the_trigger_waits_for_the_end_of_the_peers_change() -> None:
    """RFC 3261 14.1: no re-INVITE while another one is open. The ACK of the peer's comes late: then ours goes out."""
    world = World("reinvite")
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    world.lose("ACK", on="wifi", times=2)
    session.reinvite(session.local_sdp, now=world.now)
    world.run(0.1)
    world.signal()
    assert world.state == "WAITING"
    world.run_to("DONE")
    assert world.flow(since=3.0) == [
        "INVITE cn -> mn.wifi", "200 INVITE mn.wifi -> cn", "ACK cn -x mn.wifi",
        "200 INVITE mn.wifi -> cn", "ACK cn -x mn.wifi", "200 INVITE mn.wifi -> cn", "ACK cn -> mn.wifi",
        "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn",
    ]  # fmt: skip


def test_glare_is_tried_again_after_the_time_of_a_491() -> None:
    """RFC 3261 14.1: both sides change at once; the owner of the Call-ID waits from 2.1 to 4 s."""
    world = World("reinvite", wifi=Way(0.1), umts=Way(0.1))
    world.run(3.0)
    session = world.cn._ua.sessions[0]
    session.reinvite(session.local_sdp, now=world.now)
    world.signal()
    world.run_until(lambda: "491 INVITE cn -> mn.umts" in world.flow())
    refused = world.now
    assert 2.1 < world.run_to("DONE") - refused < 4.0 + 0.3
    assert world.told("handover_failed") == []
    assert len(world.speech("mn.wifi", "cn", since=3.0)) > 100  # meanwhile the old link is used


def test_a_call_that_the_peer_changes_when_the_link_breaks_ends() -> None:
    """RFC 3261 14.1 knows no way out: the peer's re-INVITE to the old address bars ours until it gives up.

    So it is with any peer. A Handover INVITE makes a dialog of its own, and is not barred.
    """
    world = in_a_call(is_umts_attached=True)
    session = world.cn._ua.sessions[0]
    world.lose("INVITE", on="wifi", times=1)
    session.reinvite(session.local_sdp, now=world.now)
    world.drop_carrier("wifi")
    world.settle()
    assert world.flow().count("491 INVITE cn -> mn.umts") > 3
    world.assert_nothing_left()


def test_a_refused_reinvite_changes_nothing() -> None:
    """RFC 3261 14.1: the session goes on as if it had not been; its media stay on the link that works."""
    world = World("reinvite")
    world.run(3.0)
    world.edits["INVITE"] = lambda data: data.replace(b"m=audio 20002 RTP/AVP 0", b"m=audio 20002 RTP/AVP 9")
    world.signal()
    world.run_to("FAILED")
    assert world.flow(since=3.0) == ["INVITE mn.umts -> cn", "488 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert world.told("handover_failed") == [{"status": 488}]
    world.run(2.0)
    assert len(world.speech("mn.wifi", "cn", since=world.now - 1.0)) == 50
    assert len(world.speech("cn", "mn.wifi", since=world.now - 1.0)) == 50
    world.settle()
    world.assert_nothing_left()


def test_a_link_that_goes_before_the_reinvite_is_sent_is_waited_for() -> None:
    """The system refuses to send, which counts as a 503 (RFC 3261 8.1.3.1); tried again when the link is back."""
    world = in_a_call(is_umts_attached=True)
    world.umts.is_refusing = True
    world.drop_carrier("wifi")
    world.run(1.0)
    assert world.state == "WAITING"
    world.umts.is_refusing = False
    world.drop_carrier("umts")
    world.restore("umts")
    world.run_to("DONE")
    world.settle()
    world.assert_nothing_left()


def test_a_reinvite_without_any_answer_ends_the_call_over_the_link_that_was_left_to_try() -> None:
    """RFC 3261 12.2.1.2: 408, so BYE; not over the link that is gone, where it would reach nobody."""
    world = World("reinvite", trigger=LINK_DOWN, call_s=100.0)
    world.run(3.0)
    world.lose("INVITE", on="umts", times=-1)
    world.drop_carrier("wifi")
    world.run(36.0)
    assert "BYE mn.umts -> cn" in world.flow(since=34.0)
    world.settle()
    assert world.told("call_ended") == [{"status": 200}]
    world.assert_nothing_left()


def test_a_change_by_the_peer_that_comes_between_is_waited_for() -> None:
    """Glare (both 491); the peer's re-INVITE is accepted, its ACKs are lost, its next INVITE stands for them.

    In that one datagram the change is over, ours is due, and the peer's next change is open: not possible now.
    """
    world = World("reinvite", call_s=60.0)
    world.run(3.0)
    (session,) = world.cn._ua.sessions
    for pause_s in (1.2, 3.3, 20.0):
        if pause_s == 1.2:
            world.signal()
            world.lose("491 INVITE")
        elif pause_s == 3.3:
            world.lose("ACK", times=3)
        session.reinvite(session.local_sdp or b"", now=world.now)
        world._flush()
        world.run(pause_s)
    changes = [told["change"] for told in world.told("scheme")]
    assert changes[-4:] == ["WAITING -> MOVING", "MOVING -> WAITING", "WAITING -> MOVING", "MOVING -> DONE"]
    assert world.told("handover_done")
