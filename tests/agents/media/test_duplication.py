"""Copies under an SSRC of their own, declared in the descriptions (RFC 7198 5, RFC 7104 3.2, RFC 5576)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from agents.rtp.packet import RtpPacket
from agents.rtp.playout_events import Concealed
from agents.rtp.rtcp import SenderReport, SourceDescription
from agents.sdp.description import SessionDescription
from tests.agents.air import Way
from tests.agents.world import World


def in_a_call(duplication: str | dict[str, str] = "rfc7198", **options: Any) -> World:  # noqa: ANN401
    world = World(**{"scheme": "handover-cn", "call_s": 200.0, "duplication": duplication, **options})
    world.run(3.0)
    return world


def attributes(world: World, label: str) -> list[str]:
    """The a=ssrc lines of the last message under a label."""
    body = world.message(label).body
    (media,) = SessionDescription.parse(body).media
    return [f"group {one}" for one in media.attributes("ssrc-group")] + list(media.attributes("ssrc"))


def ssrcs(world: World, host: str, since: int = 0) -> set[int]:
    return {RtpPacket.parse(data).ssrc for data in world.got[host][since:]}


def numbers(world: World, host: str) -> list[int]:
    """Sequence numbers that came to a host, each once, in order."""
    came = [RtpPacket.parse(data).sequence for data in world.got[host]]
    return sorted({one.distance_from(came[0]) for one in came})


def concealed(world: World, host: str) -> list[Concealed]:
    return [event for event in world.heard(host) if isinstance(event, Concealed)]


def test_a_handover_with_copies_of_another_ssrc_loses_nothing() -> None:
    world = in_a_call()
    (first,) = ssrcs(world, "cn")
    assert attributes(world, "INVITE") == [f"{first} cname:mn@10.0.1.1"]
    world.signal()
    world.run_to("DONE")
    world.run(3.0)
    group, *cnames = attributes(world, "INVITE")
    original, copy = (int(one) for one in group.split()[2:])
    assert original == first
    assert cnames == [f"{one} cname:mn@10.0.1.1" for one in (original, copy)]
    assert attributes(world, "200 INVITE")[0].startswith("group DUP ")
    for host in ("mn", "cn"):
        assert len(ssrcs(world, host)) == 2
        assert all(after - before == 1 for before, after in pairwise(numbers(world, host)))
        receiver = world.hosts[host].media.receiver
        assert receiver._stream == 0, "it stays one stream to the listener"
        assert receiver.filter.refused == 0
        assert not [event for event in concealed(world, host) if 4.0 < event.at < world.now - 0.5]
    assert ssrcs(world, "cn", since=-50) == {copy}
    world.settle()
    world.assert_nothing_left()


def test_each_has_its_own_rtcp_with_the_same_cname() -> None:
    """RFC 7198 5.1: new reports for the copy, as if it were a regular stream."""
    world = in_a_call(umts=Way(0.110, 0.002))  # where nothing is overtaken: that would count as lost until it comes
    world.run(10.0)
    world.signal()
    world.run(20.0)
    names: dict[str, dict[int, str | None]] = {}
    for _, sender, _, packets in world.reported:
        first = packets[0]
        assert isinstance(first, SenderReport)
        description = next(packet for packet in packets if isinstance(packet, SourceDescription))
        names.setdefault(sender.partition(".")[0], {})[first.ssrc] = description.cname(first.ssrc)
        assert [block.cumulative_lost for block in first.reports] in ([0], [])
        heard = {block.ssrc for block in first.reports}
        assert heard <= ssrcs(world, sender.partition(".")[0])
    assert {host: set(known) for host, known in names.items()} == {"mn": ssrcs(world, "cn"), "cn": ssrcs(world, "mn")}
    assert [set(known.values()) for known in names.values()] == [{"mn@10.0.1.1"}, {"cn@10.0.9.1"}]


def test_copies_that_overtake_the_answer_are_no_new_stream() -> None:
    """The 200 that says whose copies they are is lost, and the copies come half a second before it."""
    world = in_a_call()
    world.lose("200 INVITE", on="umts")
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    media = world.hosts["mn"].media
    assert media.early > 10
    assert media.receiver._stream == 0
    assert not [event for event in concealed(world, "mn") if 4.0 < event.at < world.now - 0.5]


@pytest.mark.parametrize("duplication", [{"mn": "rfc7198", "cn": "same-ssrc"}, {"mn": "same-ssrc", "cn": "rfc7198"}])
def test_where_one_side_does_not_know_it_there_is_one_ssrc(duplication: dict[str, str]) -> None:
    world = in_a_call(duplication)
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    for host in ("mn", "cn"):
        assert len(ssrcs(world, host)) == 1
        assert all(after - before == 1 for before, after in pairwise(numbers(world, host)))


def test_the_b2bua_does_not_know_it() -> None:
    world = in_a_call(scheme="handover-b2bua", supports_handover=False)
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    assert len(ssrcs(world, "cn")) == len(ssrcs(world, "mn")) == 1


def test_a_session_that_moves_keeps_its_ssrc() -> None:
    """A re-INVITE makes no copy."""
    world = in_a_call(scheme="reinvite-soft")
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    assert len(ssrcs(world, "cn")) == len(ssrcs(world, "mn")) == 1
    assert [line.split()[0] for line in attributes(world, "INVITE")] == [str(*ssrcs(world, "cn"))]
