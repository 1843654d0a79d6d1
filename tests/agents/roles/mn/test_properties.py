"""What holds for calls and handovers whatever gets lost and whenever somebody hangs up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.roles.cn.correspondent_node import CorrespondentNode
from tests.agents.air import Way
from tests.agents.world import World

if TYPE_CHECKING:
    from agents.sip.message.address import Datagram
    from agents.sip.session.events import IncomingInvite
    from tests.agents.air import Host

GIVE_UP_S = 64 * 0.5
#: Eight in a row of the eleven tries of a BYE take half a second, one, two and then four each.
REPEATED_S = 0.5 + 1 + 2 + 5 * 4 + 2


class Lossy(World):
    """Loses those SIP datagrams whose number, counted from the first one, is in `lost`."""

    lost: frozenset[int] = frozenset()

    def _carry(self, host: Host, datagram: Datagram) -> None:
        if datagram.local.port == 5060 and len(self.sent) in self.lost:
            self.lost -= {len(self.sent)}  # once: what the system refuses to send is none of them
            self.lose("*")
        super()._carry(host, datagram)


class Refusing(CorrespondentNode):
    def _refusal(self, incoming: IncomingInvite) -> int | None:
        return 488 if incoming.replaced is not None else super()._refusal(incoming)


# Fewer than the tries of a BYE, so that one gets through: what loses every message for ever is a cut link.
losses = st.frozensets(st.integers(0, 30), max_size=8)
# Times that matter: before the answer, between trigger and proof, around the release, and later.
moments = st.one_of(st.floats(0.0, 1.0), st.floats(0.9, 1.6), st.floats(1.0, 4.0), st.floats(4.0, 15.0))
schemes = st.sampled_from(["handover-cn", "handover-cn", "reinvite"])


def said(world: World, host: str) -> set[int]:
    return {number for _, number, sender, _ in world.spoken if sender.startswith(host)}


def heard(world: World, host: str) -> int:
    """How many packets came, each counted once."""
    filter_ = world.hosts[host].media.receiver.filter
    return sum(filter_.count(path).first for path in filter_.paths)


def begin(scheme: str, lost: frozenset[int], seed: int, **options: bool) -> Lossy:
    """A call with a trigger at 1 s."""
    world = Lossy(scheme, seed=seed, call_s=15.0, **options)  # type: ignore[arg-type]
    world.lost = lost
    world.at(1.0, world.signal)
    return world


@given(scheme=schemes, lost=losses, who=st.sampled_from(["mn", "cn", "both"]), when=moments, seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_with_links_that_work_nothing_is_left_and_no_packet_is_lost(
    scheme: str, lost: frozenset[int], who: str, when: float, seed: int
) -> None:
    world = begin(scheme, lost, seed)
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.at(when, lambda host=host: world.hang_up(host))  # type: ignore[misc]
    world.run(15.0 + GIVE_UP_S + REPEATED_S)
    assert world.hosts["mn"].ua.sessions == world.hosts["cn"].ua.sessions == []
    world.settle(GIVE_UP_S + REPEATED_S)  # the memory of ended dialogs (RFC 3891 3)
    world.assert_nothing_left()
    assert len(world.told("call_ended")) == 1
    for speaker, listener in (("mn", "cn"), ("cn", "mn")):
        assert heard(world, listener) in {len(said(world, speaker)), len(said(world, speaker)) - 1}


class Break(NamedTuple):
    """What happens to the old link."""

    at: float
    is_noticed: bool
    is_refusing: bool
    is_umts_attached: bool


breaks = st.builds(Break, moments, st.booleans(), st.booleans(), st.booleans())


@given(schemes, losses, st.sampled_from(["mn", "cn", "both"]), moments, breaks, st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_with_an_old_link_that_breaks_nothing_is_left(
    scheme: str, lost: frozenset[int], who: str, when: float, breaks: Break, seed: int
) -> None:
    world = begin(scheme, lost, seed, is_umts_attached=breaks.is_umts_attached)
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.at(when, lambda host=host: world.hang_up(host))  # type: ignore[misc]
    world.at(breaks.at, lambda: world.cut("wifi", noticed_after=0.3 if breaks.is_noticed else None))
    world.at(breaks.at + 0.3, lambda: setattr(world.wifi, "is_refusing", breaks.is_refusing))
    # Whatever the trigger did, there is a way to say BYE in the end.
    world.at(14.0, lambda: world.restore("umts"))
    world.run(15.0 + GIVE_UP_S + REPEATED_S)
    assert world.hosts["mn"].ua.sessions == world.hosts["cn"].ua.sessions == []
    world.settle(2 * GIVE_UP_S + REPEATED_S)
    world.assert_nothing_left()
    assert len(world.told("call_ended")) == 1


@given(lost=st.frozensets(st.integers(6, 40), max_size=8), seed=st.integers(0, 99), supports=st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_refused_handover_never_stops_media_on_the_old_link(lost: frozenset[int], seed: int, supports: bool) -> None:
    """Both ways, every packet from the first to the last, in its place."""
    world = Lossy(cn=Refusing, supports_handover=supports, seed=seed, call_s=12.0, wifi=Way(0.0015))
    world.lost = lost
    world.at(2.0, world.signal)
    world.run(11.9)
    for ends in (("mn.wifi", "cn"), ("cn", "mn.wifi")):
        times = [at for at, _, *pair in world.spoken if tuple(pair) == ends]
        assert all(later - earlier < 0.021 for earlier, later in pairwise(times))
        assert times[-1] > 11.85
    assert not said(world, "mn.umts")
    world.settle()
    world.assert_nothing_left()
