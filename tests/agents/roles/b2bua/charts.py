"""What the message charts of section 4.3 have in common: calls in each mode, and what is to hold at their end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.agents.world import World

if TYPE_CHECKING:
    from agents.sip.session.session import Session

#: 64*T1, after which a request without an answer, or a 2xx without an ACK, is given up.
GIVE_UP_S = 64 * 0.5
#: Who stands by the MN: the CN itself, the CN behind a B2BUA, or the B2BUA; and the way of section 4.1.
MODES: dict[str, dict[str, Any]] = {
    "cn": {"scheme": "handover-cn"},
    "cn behind home": {"scheme": "handover-cn", "home": True},
    "home": {"scheme": "handover-b2bua", "supports_handover": False},
}
PROACTIVE: dict[str, Any] = {"scheme": "proactive", "supports_handover": False, "always_bridges": True}
ALL_MODES = {**MODES, "proactive": PROACTIVE}


def in_a_call(mode: str, **options: Any) -> World:  # noqa: ANN401 - whatever a World takes
    """A call that has been up for three seconds; a long one, unless told otherwise."""
    world = World(**{"call_s": 200.0, **ALL_MODES[mode], **options})
    world.run(3.0)
    return world


def peer_of(world: World) -> str:
    """Who has the other end of the MN's dialogs."""
    return "home" if "home" in world.hosts else "cn"


def bridge_of(world: World) -> str:
    """Who has the other end of the MN's media."""
    return "home" if world.speech("home", "cn") else "cn"


def old_dialog(world: World) -> Session:
    """The CN's session of the call as it began."""
    return next(iter(world.cn._legs))


def calls(world: World, since: float = 0.0) -> list[str]:
    """The chart without 100 Trying."""
    return [line for line in world.flow(since) if not line.startswith("100 ")]


def is_ended(world: World) -> bool:
    """Nobody has a session any more, and nobody sends speech."""
    return not any(host.ua.sessions or host.legs for host in world.hosts.values())


def assert_talks(world: World, link: str) -> None:
    """Both ways over this link alone, every packet; and the CN gets none twice."""
    since = world.now + 0.5  # what is on its way over other links
    world.run(1.5)
    peer = bridge_of(world)
    ways = [(f"mn.{link}", peer), (peer, f"mn.{link}")]
    if peer == "home":
        ways += [("home", "cn"), ("cn", "home")]
    for ends in ways:
        numbers = world.speech(*ends, since=since)
        assert len(numbers) > 45, (ends, len(numbers))
        distances = sorted((number - numbers[0] + 32768) % 65536 for number in numbers)  # jitter puts some out of order
        inner = distances[3:-3]
        assert inner == list(range(inner[0], inner[0] + len(inner))), ends
    talking = {end for at, _, *ends in world.spoken if at > since for end in ends if end.startswith("mn.")}
    assert talking == {f"mn.{link}"}
    assert_heard_once(world)


def assert_heard_once(world: World) -> None:
    """In bridged mode the CN gets no copy."""
    said = Counter(world.speech("home", "cn"))
    assert all(times == 1 for times in said.values())


def assert_ends(world: World, who: str = "mn", *, within: float = 1.0) -> None:
    """Somebody hangs up, and so much later nothing is left of the call but what transactions remember."""
    world.hang_up(who)
    assert_ended(world, within=within)


def assert_ended(world: World, *, within: float) -> None:
    """Within so many seconds nobody has a session; then the last timers run out, and nothing is left at all."""
    world.run(0.0)
    if not is_ended(world):
        world.run_until(lambda: is_ended(world), within)
    world.settle(3 * GIVE_UP_S + 1.0)  # a transaction, and then the memory of the dialog that it ended
    world.assert_nothing_left()
    assert len(world.told("call_ended")) == 1
