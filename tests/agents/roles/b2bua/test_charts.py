"""Message charts with the B2BUA (paper, section 4.3, Figures 7 and 8): who says what to whom."""

from __future__ import annotations

import pytest

from agents.rtp.playout_events import Concealed
from tests.agents.world import World

SET_UP = [
    "INVITE mn.wifi -> home", "407 INVITE home -> mn.wifi", "ACK mn.wifi -> home", "INVITE mn.wifi -> home",
]  # fmt: skip
CHALLENGED = ["INVITE home -> cn", "420 INVITE cn -> home", "ACK home -> cn", "INVITE home -> cn"]


def calls(world: World) -> list[str]:
    """The chart without 100 Trying."""
    return [line for line in world.flow() if not line.startswith("100 ")]


def test_a_peer_without_the_extension_is_called_again_without_it() -> None:
    """RFC 3261 8.1.3.5: same Call-ID and From tag, the next CSeq, no Require."""
    world = World("handover-b2bua", supports_handover=False)
    world.run(2.0)
    assert calls(world) == [
        *SET_UP, *CHALLENGED, "200 INVITE cn -> home", "ACK home -> cn", "200 INVITE home -> mn.wifi",
        "ACK mn.wifi -> home",
    ]  # fmt: skip
    first, second = (line.message for line in world.sent if str(line) == "INVITE home -> cn")
    assert first is not None
    assert second is not None
    assert (second.call_id, second.from_.tag, second.cseq.number) == (first.call_id, first.from_.tag, 2)
    assert ("handover" in first.tags("require"), "handover" in second.tags("require")) == (True, False)
    assert b"10.0.8.1" in second.body
    assert world.told("bridging", "home")


def test_figure_8_the_b2bua_sends_over_both_links() -> None:
    world = World("handover-b2bua", supports_handover=False)
    world.run(3.0)
    world.signal()
    world.run_to("DONE")
    assert calls(world)[12:] == [
        "INVITE mn.umts -> home", "200 INVITE home -> mn.umts", "ACK mn.umts -> home",
        "BYE mn.wifi -> home", "200 BYE home -> mn.wifi",
    ]  # fmt: skip
    both = set(world.speech("home", "mn.wifi")) & set(world.speech("home", "mn.umts"))
    assert len(both) >= 50
    assert not [event for event in world.heard("mn") if isinstance(event, Concealed)]


def test_the_peer_gets_each_packet_once_and_is_prepared_for_the_slower_path() -> None:
    world = World("handover-b2bua", supports_handover=False)
    world.run(3.0)
    world.signal()
    world.run_to("DONE")
    world.run(2.0)
    uplink = world.speech("home", "cn")
    assert len(uplink) == len(set(uplink)) > 200
    assert not [event for event in world.heard("cn") if isinstance(event, Concealed)]


def test_figure_7_a_peer_with_the_extension_gets_the_media_itself() -> None:
    """The identifiers in the Handover header become those of the B2BUA's dialog with the peer (RFC 7092 4.3)."""
    world = World("handover-cn", home=True)
    world.run(3.0)
    assert not world.speech("home", "cn")
    world.signal()
    world.run_to("DONE")
    named = [line.message for line in world.sent if line.label == "INVITE" and line.message is not None]
    asked, passed_on = [message for message in named if "handover" in message.headers][-2:]
    assert asked.headers.get("handover") != passed_on.headers.get("handover")
    first_leg = next(line.message for line in world.sent if str(line) == "INVITE home -> cn")
    assert first_leg is not None
    assert (passed_on.headers.get("handover") or "").startswith(f"{first_leg.call_id};")
    assert set(world.speech("cn", "mn.wifi")) & set(world.speech("cn", "mn.umts"))
    assert "BYE home -> cn" in world.flow()


@pytest.mark.parametrize("who", ["mn", "cn"])
@pytest.mark.parametrize("supports", [False, True])
@pytest.mark.parametrize("is_moved", [False, True])
def test_hanging_up_from_either_side_ends_everything(who: str, *, supports: bool, is_moved: bool) -> None:
    world = World("handover-b2bua", supports_handover=supports)
    world.run(3.0)
    if is_moved:
        world.signal()
        world.run_to("DONE")
        world.cut("wifi")
    since, mn = world.now, "mn.umts" if is_moved else "mn.wifi"
    world.hang_up(who)
    world.settle()
    world.assert_nothing_left()
    first, second = ((mn, "home"), ("home", "cn")) if who == "mn" else (("cn", "home"), ("home", mn))
    assert sorted(world.flow(since)) == sorted(
        f"{what} {one} -> {other}"
        for end in (first, second)
        for what, (one, other) in (("BYE", end), ("200 BYE", end[::-1]))
    )


def test_a_peer_that_ignores_require_is_bridged_by_a_reinvite() -> None:
    """Some phones answer 200 without proof (RFC 3261 8.2.4): the B2BUA then steps into the media."""
    world = World("handover-b2bua", supports_handover=False)
    world.edits["INVITE"] = lambda data: data.replace(b"Require: handover\r\n", b"") if b" home" not in data else data
    world.run(3.0)
    assert world.told("bridging", "home")
    world.signal()
    world.run_to("DONE")
    assert not [event for event in world.heard("cn") if isinstance(event, Concealed)]
