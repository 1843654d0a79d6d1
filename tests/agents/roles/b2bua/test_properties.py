"""What holds for calls by way of the B2BUA, whatever gets lost, breaks, and whenever somebody hangs up."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.agents.roles.mn.test_properties import REPEATED_S, Lossy, losses, moments

from .charts import ALL_MODES, GIVE_UP_S

CALL_S = 12.0


@given(
    mode=st.sampled_from([mode for mode in ALL_MODES if mode != "cn"]),
    lost=losses,
    who=st.sampled_from(["mn", "cn", "both"]),
    when=moments,
    cuts=st.dictionaries(st.sampled_from(["wifi", "umts"]), moments, max_size=2),
    is_noticed=st.booleans(),
    seed=st.integers(0, 99),
)
# The WiFi's dialog is ended while what the MN said over both is still under way by UMTS.
@example(mode="home", lost=frozenset(), who="mn", when=1.25, cuts={}, is_noticed=False, seed=0)
@settings(max_examples=60, deadline=None)
def test_nothing_is_left_and_the_cn_hears_no_packet_twice(
    mode: str, lost: frozenset[int], who: str, when: float, cuts: dict[str, float], *, is_noticed: bool, seed: int
) -> None:
    """Links that broke are back at the end, and both users hang up: a BYE of either finds its way."""
    world = Lossy(seed=seed, **{"call_s": CALL_S, **ALL_MODES[mode]})
    world.lost = lost
    world.at(1.0, world.signal)
    for host in ("mn", "cn"):
        if who in {host, "both"}:
            world.at(when, lambda host=host: world.hang_up(host))  # type: ignore[misc]
        world.at(CALL_S + 1.0, lambda host=host: world.hang_up(host))  # type: ignore[misc]
    for link, at in cuts.items():
        world.at(at, lambda link=link: world.cut(link, noticed_after=0.3 if is_noticed else None))  # type: ignore[misc]
        world.at(CALL_S + 0.5, lambda link=link: world.restore(link))  # type: ignore[misc]
    world.run(CALL_S + 2 * GIVE_UP_S + REPEATED_S)
    assert all(host.ua.sessions == [] for host in world.hosts.values())
    world.settle(2 * GIVE_UP_S + REPEATED_S)  # the memory of ended dialogs (RFC 3891 3)
    world.assert_nothing_left()
    assert len(world.told("call_ended")) == 1
    assert all(times == 1 for times in Counter(world.speech("home", "cn")).values())
