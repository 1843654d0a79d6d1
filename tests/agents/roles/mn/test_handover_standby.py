"""`handover-standby`: a second dialog that stands by, and what each end does when it hears nothing."""

from agents.rtp.playout_events import Concealed, Played
from tests.agents.air import Way
from tests.agents.world import World


def ready(copies: str = "on-silence", **how: object) -> World:
    """A call whose second dialog stands by."""
    world = World("handover-standby", copies=copies, **how)  # type: ignore[arg-type]
    world.run(3.0)
    assert world.state == "READY"
    return world


def concealed(world: World, host: str, since: float) -> float:
    """Seconds that the listener missed from then on."""
    return sum(event.duration for event in world.heard(host) if isinstance(event, Concealed) and event.at >= since)


def test_the_second_dialog_stands_by() -> None:
    world = ready()
    assert world.flow()[-3:] == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert "standby=on-silence" in str(world.message("INVITE").headers.get("handover"))
    (facts,) = world.told("standing_by")
    assert facts["link"] == "umts"
    assert facts["copies"] == "on-silence"


def test_a_leg_that_stands_by_gets_a_packet_a_second() -> None:
    world = ready()
    world.run(10.0)
    for sender, receiver in (("mn.umts", "cn"), ("cn", "mn.umts")):
        assert 9 <= len(world.speech(sender, receiver, since=3.0)) <= 11
    assert concealed(world, "mn", 0.0) == concealed(world, "cn", 0.0) == 0.0
    assert world.hosts["mn"].media.receiver.playout.depth < 0.06, "a probe makes nobody wait"


def test_a_sudden_break_loses_no_word() -> None:
    """Each end hears it for itself, after 60 ms, and says again what the other one lacks."""
    world = ready(umts=Way(0.110, 0.002))
    world.run(3.0)
    broken = world.now
    world.cut("wifi", noticed_after=1.7)
    world.run(6.0)
    for host in ("mn", "cn"):
        played = [event.sequence for event in world.heard(host) if isinstance(event, Played)]
        assert played == list(range(played[0], played[-1] + 1)), "each word once, in order"
        assert 0.1 <= concealed(world, host, broken) <= 0.2
    assert world.mn._call.link.name == "umts"
    assert "BYE mn.umts -> cn" in world.flow(since=broken), "what is left of the WiFi is ended"
    world.restore("wifi")
    world.run(3.0)
    assert world.state == "READY"
    assert world.flow()[-3:] == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    world.hang_up("mn")
    world.settle()
    world.assert_nothing_left()


def test_a_fade_moves_the_call_without_a_message() -> None:
    world = ready()
    world.run(1.0)
    before = len(world.sent)
    world.signal()
    world.run(4.0)
    assert len(world.sent) == before
    assert world.mn._call.link.name == "umts"
    assert world.state == "READY"
    assert concealed(world, "mn", 0.0) == concealed(world, "cn", 0.0) == 0.0
    assert len(world.speech("cn", "mn.wifi", since=world.now - 2.0)) <= 3, "the WiFi stands by now"
    assert len(world.speech("mn.wifi", "cn", since=world.now - 2.0)) <= 3
    world.settle()
    world.assert_nothing_left()


def test_always_is_both_all_the_time() -> None:
    world = ready("always")
    world.run(3.0)
    world.cut("wifi", noticed_after=1.7)
    world.run(4.0)
    assert concealed(world, "mn", 3.0) == concealed(world, "cn", 3.0) == 0.0
    world.settle()
    world.assert_nothing_left()


def test_the_peer_hangs_up() -> None:
    world = ready()
    world.hang_up("cn")
    world.settle()
    world.assert_nothing_left()


def test_what_is_said_again_is_no_loss_in_reports() -> None:
    world = ready(call_s=30.0, umts=Way(0.110, 0.009))
    world.run(3.0)
    world.cut("wifi", noticed_after=1.7)
    world.run(20.0)
    reported = [
        block
        for at, _, _, packets in world.reported
        if at > 7.0
        for packet in packets
        for block in getattr(packet, "reports", ())
    ]
    assert reported
    assert {block.fraction_lost for block in reported} == {0}
    assert max(block.jitter for block in reported) < 0.04 * 8000


def test_a_leg_that_was_left_loses_nothing_in_reports_either() -> None:
    world = ready(call_s=30.0, umts=Way(0.110, 0.009))
    world.signal()
    world.run(25.0)
    assert world.mn._call.link.name == "umts"
    reported = [
        (sender, receiver, block.fraction_lost)
        for at, sender, receiver, packets in world.reported
        if at > 8.0
        for packet in packets
        for block in getattr(packet, "reports", ())
    ]
    assert reported
    assert not [one for one in reported if one[2]]
