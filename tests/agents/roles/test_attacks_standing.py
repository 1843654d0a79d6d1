"""A dialog that stands by, and somebody who has listened: he can neither make, nor use, nor end one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.media.reports import control_of
from agents.rtp.leg_notice import LegNotice
from agents.rtp.rtcp import ReceiverReport, SourceDescription, build_compound
from tests.agents.world import ATTACKER, World

from .test_attacks import forged, handing_over

if TYPE_CHECKING:
    from agents.rtp.rtcp import RtcpPacket
    from agents.sip.message.address import Address


def standing() -> World:
    world = World("handover-standby", is_guarded=True)
    world.run(3.0)
    assert world.state == "READY"
    return world


def assert_goes_on(world: World) -> None:
    """It stands by as before, and carries the call when it has to."""
    world.run(1.0)
    assert world.state == "READY"
    assert not [end for _, _, *end in world.spoken if "attacker" in end]
    assert world.told("copies") == world.told("copies", "cn") == []
    world.cut("wifi", noticed_after=1.7)
    world.run(4.0)
    assert world.mn._call.link.name == "umts"
    world.settle()
    world.assert_nothing_left()


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize("method", ["BYE", "INVITE"])
def test_neither_dialog_is_ended_or_moved(method: str, which: str) -> None:
    world = standing()
    session = world.cn._ua.sessions[which == "second"]
    assert f"401 {method} cn -> attacker" in world.forge("cn", forged(method, session))
    session = world.mn._call.ua.sessions[which == "second"]
    assert [line.partition(" ")[0] for line in world.forge("mn", forged(method, session))] == ["403"]
    assert_goes_on(world)


@pytest.mark.parametrize("which", ["first", "second"])
def test_no_dialog_is_made_beside_either(which: str) -> None:
    world = standing()
    session = world.cn._ua.sessions[which == "second"]
    data = handing_over(session).replace(b"Require: handover", b"X: y\r\nRequire: handover", 1)
    data = data.replace(b";from-tag=", b";standby=always;from-tag=", 1)
    assert "401 INVITE cn -> attacker" in world.forge("cn", data)
    assert len(world.cn._legs) == 2
    assert_goes_on(world)


@pytest.mark.parametrize("source", [ATTACKER, ATTACKER._replace(port=20003)])
def test_a_notice_from_elsewhere_is_counted_and_nothing_else(source: Address) -> None:
    world = standing()
    _, media = list(world.cn._legs.values())[1]
    wish: list[RtcpPacket] = [
        ReceiverReport(1),
        SourceDescription(((1, ((1, "x"),)),)),
        LegNotice(1, is_wanted=True, is_silent=True, highest=0),
    ]
    before = world.cn._media.stray
    world.forge("cn", build_compound(wish), control_of(media), source)
    assert world.cn._media.stray == before + 1
    assert_goes_on(world)
