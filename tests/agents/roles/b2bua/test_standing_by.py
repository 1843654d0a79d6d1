"""`handover-standby-b2bua`: what a CN does for a dialog that stands by, the B2BUA does for any phone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from agents.rtp.leg_notice import LegNotice
from agents.rtp.playout_events import Concealed
from agents.rtp.rtcp import build_compound
from agents.sip.message.address import Address
from tests.agents.air import Way
from tests.agents.world import HOME_IP, World

from .charts import assert_ended, assert_ends

if TYPE_CHECKING:
    from agents.rtp.rtcp import RtcpPacket

STEADY_UMTS = Way(0.110, 0.002)


def ready(copies: str = "on-silence", **how: Any) -> World:  # noqa: ANN401 - whatever a World takes
    """A call to a phone that knows nothing of it, whose second dialog stands by at the B2BUA."""
    about: dict[str, Any] = {"call_s": 200.0, "umts": STEADY_UMTS, "supports_handover": False, **how}
    world = World("handover-standby-b2bua", copies=copies, **about)
    world.run(3.0)
    assert world.state == "READY"
    return world


def break_wifi(world: World) -> float:
    """The WiFi is gone, which the kernel notices later; returns when."""
    world.cut("wifi", noticed_after=1.7)
    return world.now


def concealed(world: World, host: str, since: float = 0.0) -> float:
    """Seconds that the listener missed from then on."""
    return sum(event.duration for event in world.heard(host) if isinstance(event, Concealed) and event.at >= since)


def words(world: World) -> list[int]:
    """The numbers of the packets that the phone got."""
    return [int.from_bytes(data[2:4], "big") for data in world.got["cn"]]


def assert_words_in_order(world: World) -> None:
    """The phone gets each word once, in order, and all of them."""
    numbers = words(world)
    assert [(after - before) % 65536 for before, after in pairwise(numbers)] == [1] * (len(numbers) - 1)


def assert_none_lost(world: World, host: str) -> None:
    assert not [event for event in world.heard(host) if isinstance(event, Concealed) and event.cause == "lost"]


def reports(world: World, sender: str, receiver: str, since: float) -> list[list[RtcpPacket]]:
    """RTCP from one to the other, notices apart."""
    got = [packets for at, *ends, packets in world.reported if ends == [sender, receiver] and at >= since]
    return [packets for packets in got if not any(isinstance(one, LegNotice) for one in packets)]


def test_a_sudden_break_loses_no_word() -> None:
    """Each end hears it for itself, after 60 ms, and says again what the other one lacks."""
    world = ready()
    (facts,) = world.told("standing_by", "home")
    assert facts["call_id"] == world.told("standing_by")[0]["call_id"]
    world.run(3.0)
    broken = break_wifi(world)
    world.run(6.0)
    for host in ("mn", "cn"):
        assert_none_lost(world, host)
        assert 0.1 <= concealed(world, host, broken) <= 0.2
    told = [tell.event for at, tell in world.hosts["home"].told if at > broken]
    assert told[:4] == ["silence", "said_again", "copies", "session_ended"]
    world.restore("wifi")
    world.run(5.0)
    assert world.state == "READY"
    assert_words_in_order(world)
    assert_ends(world)


def test_speech_in_another_codec_is_said_again_as_it_was_made() -> None:
    """GSM remembers what went before: the same frame made twice would be another one, and spoil the next."""
    world = ready(codecs={"mn": ["GSM"], "cn": ["PCMU"]})
    world.run(1.0)
    break_wifi(world)
    world.run(4.0)
    assert world.told("said_again", "home")
    made: dict[bytes, set[bytes]] = {}
    for data in world.got["mn"]:
        made.setdefault(data[2:4], set()).add(data)
    assert len(made) > 300
    assert all(len(copies) == 1 for copies in made.values())
    numbers = sorted(int.from_bytes(number, "big") for number in made)
    assert [after - before for before, after in pairwise(numbers)] == [1] * (len(numbers) - 1)
    assert_words_in_order(world)
    assert_ends(world)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_a_path_throws_about_leaves_in_order(seed: int) -> None:
    """What is said again comes all at once, and jitter of 20 ms mixes it."""
    world = ready(umts=Way(0.110, 0.010), seed=seed)
    world.run(1.0)
    break_wifi(world)
    world.run(1.0)
    after = words(world)[-60:]
    assert len(set(after)) == 60
    assert sum(after != before + 1 for before, after in pairwise(after)) <= 2


def test_a_leg_that_stands_by_gets_a_packet_a_second() -> None:
    """The quicker one too: its probes do not overtake what the slower one still brings."""
    world = ready()
    world.run(5.0)
    world.signal()
    world.run(10.0)
    for link, since, until in (("umts", 3.0, 8.0), ("wifi", 12.0, 18.0)):
        for ends in ([f"mn.{link}", "home"], ["home", f"mn.{link}"]):
            probes = [at for at, _, *one in world.spoken if one == ends and since <= at < until]
            assert 4 <= len(probes) <= 7, (ends, probes)
    assert_words_in_order(world)
    assert concealed(world, "mn") == concealed(world, "cn") == 0.0


def test_a_fade_moves_the_call_without_a_message() -> None:
    world = ready()
    world.run(1.0)
    before = len(world.sent)
    world.signal()
    world.run(4.0)
    assert len(world.sent) == before
    assert world.mn._call.link.name == "umts"
    assert concealed(world, "mn") == concealed(world, "cn") == 0.0
    assert_words_in_order(world)
    assert_ends(world)


def test_always_is_both_all_the_time() -> None:
    world = ready("always")
    world.run(3.0)
    break_wifi(world)
    world.run(4.0)
    assert concealed(world, "mn", 3.0) == concealed(world, "cn", 3.0) == 0.0
    assert_words_in_order(world)
    assert_ends(world)


@pytest.mark.parametrize("who", ["mn", "cn"])
@pytest.mark.parametrize("when_s", [0.0, 0.05, 0.3, 2.5])
def test_either_side_hangs_up(who: str, when_s: float) -> None:
    """While a dialog stands by, and at times after a break: what the broken link had is ended without it."""
    world = ready()
    if when_s:
        break_wifi(world)
    world.run(when_s)
    assert_ends(world, who, within=36.0)


def test_the_leg_that_stands_by_dies_first() -> None:
    """The call goes on as one that never had it, and the driver passes its media on again."""
    world = ready()
    home = world.hosts["home"]
    assert not any(splice.ways for splice in home.splices.values())
    world.umts.attach_s = None
    world.cut("umts", noticed_after=1.0)
    world.run(8.0)
    assert "BYE mn.wifi -> home" in world.flow(since=3.0)
    assert len([splice for splice in home.splices.values() if splice.ways]) == 2
    world.restore("umts")
    world.run(3.0)
    assert world.state == "READY"
    assert not any(splice.ways for splice in home.splices.values())
    assert not world.told("silence", "home"), "what the driver has passed on was no silence"
    broken = break_wifi(world)
    world.run(4.0)
    assert concealed(world, "cn", broken) <= 0.2
    assert_words_in_order(world)
    assert_ends(world)


def test_without_room_it_is_refused_and_the_call_moved_by_a_re_invite() -> None:
    """A dialog that stands by takes as much room as a call."""
    world = World("handover-standby-b2bua", call_s=200.0, supports_handover=False, room={"b2bua": 1})
    world.run(3.0)
    assert world.told("bridging", "home")
    assert world.state == "REFUSED"
    assert world.message("420 INVITE").headers.get("unsupported") == "handover"
    break_wifi(world)
    world.run_until(lambda: bool(world.told("handover_done")), 5.0)
    assert "INVITE mn.umts -> home" in world.flow(since=3.0)
    assert_ends(world)


def test_one_that_stands_by_takes_the_room_of_another_call() -> None:
    world = ready(room={"b2bua": 2})
    assert not world.b2bua._office.has_room
    world.umts.attach_s = None
    world.cut("umts", noticed_after=1.0)
    world.run(8.0)
    assert world.b2bua._office.has_room


def test_nothing_goes_to_a_leg_on_hold() -> None:
    """The MN takes its call back from hold, and a break is still none."""
    world = ready()
    session = world.mn._call.session
    assert session is not None
    described = session.local_sdp or b""
    session.reinvite(described + b"a=inactive\r\n", now=world.now)
    world.run(0.01)
    world.mn._call.media.agree(session, session.local_sdp, session.remote_sdp, now=world.now)
    world.run(0.5)
    held = world.now
    world.run(2.0)
    assert world.speech("home", "mn.wifi", since=held) == []
    assert len(world.speech("home", "mn.umts", since=held)) <= 3
    session.reinvite(described, now=world.now)
    world.run(0.1)
    world.mn._call.media.agree(session, session.local_sdp, session.remote_sdp, now=world.now)
    world.run(3.0)
    broken = break_wifi(world)
    world.run(4.0)
    assert concealed(world, "mn", broken) <= 0.2
    assert_ends(world)


def test_a_phone_that_says_nothing_is_no_break() -> None:
    """On hold, or as one that sends nothing while its user is silent: the MN hears of it, and does not look for it."""
    world = ready()
    (session,) = world.cn._legs
    described = session.local_sdp or b""
    session.reinvite(described + b"a=inactive\r\n", now=world.now)
    world.run(5.0)
    held = world.now
    world.run(5.0)
    assert world.speech("home", "mn.wifi", since=held) == []
    assert not world.mn._call.media.readiness.is_silent  # type: ignore[union-attr]
    assert len(world.speech("mn.umts", "home", since=held)) <= 6
    assert not world.told("handover_done")
    session.reinvite(described, now=world.now)
    world.run(3.0)
    broken = break_wifi(world)
    world.run(4.0)
    assert concealed(world, "mn", broken) <= 0.2
    assert_ends(world)


def test_a_hundred_breaks_in_one_call() -> None:
    world = ready(call_s=1500.0)
    for _ in range(100):
        link = world.mn._call.link.name
        world.cut(link, noticed_after=1.7)
        world.run(5.0)
        assert world.mn._call.link.name != link
        world.restore(link)
        world.run(4.0)
    for host in ("mn", "cn"):
        assert_none_lost(world, host)
    assert_words_in_order(world)
    assert_ends(world)


def test_what_the_mn_and_we_agree_on_is_none_of_the_phones_business() -> None:
    world = ready(call_s=60.0)
    world.run(10.0)
    faded = world.now
    world.signal()
    moved = world.run_until(lambda: bool(world.told("handover_done")))
    world.run(20.0)
    said = [(ends, packets) for _, *ends, packets in world.reported]
    noticed = [ends for ends, packets in said if any(isinstance(one, LegNotice) for one in packets)]
    for ends in (["home", "mn.umts"], ["mn.umts", "home"], ["home", "mn.wifi"], ["mn.wifi", "home"]):
        assert noticed.count(ends) > 25, "on each leg, both ways"
    assert not [ends for ends in noticed if "cn" in ends]
    assert len(reports(world, "home", "mn.umts", 3.5)) == len(reports(world, "home", "mn.umts", faded)) > 0
    assert not reports(world, "home", "mn.wifi", moved + 1.0)
    ours = reports(world, "mn.umts", "home", moved + 1.0)
    assert ours
    passed_on = reports(world, "home", "cn", moved + 1.0)
    assert [packets for packets in passed_on if packets in ours] == passed_on[-len(ours) :] != []
    assert not [packets for packets in passed_on if packets in reports(world, "mn.wifi", "home", moved + 1.0)]


def test_a_stranger_has_no_say() -> None:
    world = ready()
    notice = build_compound([*reports(world, "cn", "home", 0.0)[0][:2], LegNotice(1, True, True, 0)])
    port = next(local for local in world.b2bua._office.relays if local.port % 2)
    world.forge("home", notice, local=Address(HOME_IP, port.port))
    world.run(1.0)
    assert not world.told("said_again", "home")
    assert not world.told("copies", "home")


def test_both_dialogs_are_refreshed_while_one_stands_by() -> None:
    world = ready(session_timer=90)
    world.run(90.0)
    flow = world.flow(since=3.0)
    for line in ("INVITE mn.wifi -> home", "INVITE mn.umts -> home", "INVITE home -> cn"):
        assert flow.count(line) == 2, line
    assert_ends(world)


def test_a_peer_that_can_do_it_itself_is_asked_to() -> None:
    """The B2BUA stays out of the media, and passes on what the new dialog is for."""
    world = ready(supports_handover=True)
    assert "standby=on-silence" in str(world.message("INVITE").headers.get("handover"))
    assert world.told("standing_by", "cn")
    assert not world.told("bridging", "home")
    world.run(1.0)
    broken = break_wifi(world)
    world.run(4.0)
    for host in ("mn", "cn"):
        assert_none_lost(world, host)
        assert 0.1 <= concealed(world, host, broken) <= 0.2
    assert_ends(world)


def test_its_two_pairs_are_refreshed() -> None:
    world = ready(supports_handover=True, session_timer=90)
    world.run(90.0)
    flow = world.flow(since=3.0)
    for line in ("INVITE mn.wifi -> home", "INVITE mn.umts -> home"):
        assert flow.count(line) == 2, line
    world.hang_up("cn")
    assert_ended(world, within=1.0)
