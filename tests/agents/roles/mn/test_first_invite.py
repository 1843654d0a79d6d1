"""The INVITE of the call goes over the other link when its own goes (RFC 3261 8.1.3.1, 8.1.3.5)."""

from __future__ import annotations

import pytest

from tests.agents.air import Way
from tests.agents.world import LINK_DOWN, World

SATELLITE = Way(0.3)
MOVED = ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]


def calling(scheme: str = "reinvite", *, cut_at: float, noticed_after: float = 1.0, **options: bool) -> World:
    """A call over a link of 600 ms there and back, which is cut at a time."""
    world = World(scheme, trigger=LINK_DOWN, wifi=SATELLITE, **options)  # type: ignore[arg-type]
    world.run(cut_at)
    world.cut("wifi", noticed_after=noticed_after)
    return world


def assert_talks(world: World, link: str = "umts") -> None:
    """Both ways, over that link alone; and then nothing is left."""
    world.run(2.0)
    since = world.now - 1.0
    for ends in ((f"mn.{link}", "cn"), ("cn", f"mn.{link}")):
        assert len(world.speech(*ends, since=since)) in {49, 50, 51}
    world.settle()
    world.assert_nothing_left()


def test_an_invite_that_does_not_arrive() -> None:
    world = calling(cut_at=0.1)
    world.run_until(lambda: world.mn._call.is_up)
    assert [line for line in world.flow() if "umts" in line] == MOVED
    assert world.told("call_again") == [{"link": "umts"}]
    first, second = (next(one.message for one in world.sent if one.label == "INVITE" and one.sender == f"mn.{link}")
                     for link in ("wifi", "umts"))  # fmt: skip
    assert first is not None
    assert second is not None
    assert (second.call_id, second.from_.tag, second.cseq.number) == (
        first.call_id, first.from_.tag, first.cseq.number + 1,
    )  # fmt: skip
    assert second.contact is not None
    assert second.contact.uri == "sip:mn@10.0.2.1:5060"
    assert_talks(world)


def test_an_answer_that_does_not_arrive() -> None:
    """The peer has taken the call, and hears nothing of it: another try of the same INVITE finds it not busy."""
    world = calling(cut_at=0.4)
    world.run_until(lambda: world.mn._call.is_up)
    assert [line for line in world.flow() if "umts" in line] == MOVED
    assert_talks(world)


def test_another_link_that_has_to_be_attached() -> None:
    world = calling(cut_at=0.4, is_umts_attached=False)
    world.run_until(lambda: world.mn._call.is_up)
    assert [line for line in world.flow() if "umts" in line] == MOVED
    assert_talks(world)


def test_a_link_that_will_not_send() -> None:
    world = World("reinvite", trigger=LINK_DOWN)
    world.wifi.is_refusing = True
    world.run_until(lambda: world.mn._call.is_up)
    assert world.flow()[-3:] == MOVED
    assert_talks(world)


def test_no_other_link() -> None:
    """It waits for either, and takes the one that is back."""
    world = calling(cut_at=0.1, is_umts_attached=False)
    world.umts.attach_s = None
    world.run(6.0)
    assert not world.mn._call.is_up
    world.restore("wifi")
    world.run_until(lambda: world.mn._call.is_up)
    assert_talks(world, "wifi")


@pytest.mark.parametrize("scheme", ["handover-b2bua", "proactive", "handover-cn"])
@pytest.mark.parametrize("cut_at", [0.1, 0.4, 0.7, 1.0, 1.15])
def test_whoever_is_between(scheme: str, cut_at: float) -> None:
    """Whatever had been said when the link was cut, the call is made; its old half is ended by whoever has it."""
    world = calling(scheme, cut_at=cut_at)
    world.run_until(lambda: world.mn._call.is_up and world.mn._call.link.name == "umts")
    assert_talks(world) if scheme == "handover-cn" else world.settle()
    world.assert_nothing_left()


def test_hung_up_meanwhile() -> None:
    world = World("reinvite", trigger=LINK_DOWN, wifi=SATELLITE, is_umts_attached=False, call_s=5.0)
    world.umts.attach_s = None
    world.run(0.1)
    world.cut("wifi", noticed_after=1.0)
    world.settle()
    assert world.told("call_ended")
    world.assert_nothing_left()
