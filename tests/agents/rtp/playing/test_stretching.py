"""How fast the playout becomes deeper, in exact virtual time."""

import pytest

from agents.rtp.playout_events import DepthChanged, Played
from tests.agents.rtp.listening import Listener


def deep_enough_after(mn: Listener, first_copy: float) -> float:
    """Seconds from the first copy until the depth was what it is in the end."""
    return max(e.at for e in mn.events if isinstance(e, DepthChanged)) - first_copy


def test_a_step_of_400_ms_is_followed_in_less_than_two_seconds() -> None:
    """370 ms of depth at 250 ms a second; an eighth would take 3.3 s, and the link may be dead by then."""
    mn = Listener()
    mn.send(range(500), {"wifi": 1.5})
    mn.listen()
    mn.send(range(500, 700), {"wifi": 1.5, "edge": 401.5})
    mn.send(range(700, 900), {"edge": 401.5})
    mn.listen()
    assert mn.concealed() == 0
    assert max(e.duration for e in mn.events if isinstance(e, Played)) == pytest.approx(0.020 * 4 / 3)
    assert deep_enough_after(mn, 10.4015) == pytest.approx(0.370 / 0.25, abs=0.05)


@pytest.mark.parametrize(("lost", "seconds"), [(None, 0.81), (495, 0.36), (400, 0.36)])
def test_a_small_step_is_hurried_only_where_packets_are_lost(lost: int | None, seconds: float) -> None:
    """90 ms: at 111 ms a second, or at 250; a link that has lost one lately will lose more."""
    mn = Listener()
    mn.send([n for n in range(500) if n != lost], {"wifi": 1.5})
    mn.send(range(500, 600), {"wifi": 1.5, "umts": 121.5})
    mn.listen()
    assert deep_enough_after(mn, 10.1215) == pytest.approx(seconds, abs=0.03)


def test_a_packet_that_only_the_slower_path_brings_is_given_more_time() -> None:
    """521 is lost on the fast path. At an eighth its copy would come 5 ms late; 522 tells in time that it is wanted."""
    mn = Listener()
    mn.send([n for n in range(600) if n != 521], {"wifi": 1.5})
    mn.send(range(500, 600), {"umts": 91.5})
    mn.listen()
    assert mn.concealed() == 0
    durations = {e.sequence: e.duration for e in mn.events if isinstance(e, Played)}
    assert durations[515] == pytest.approx(0.0225)
    assert durations[520] == pytest.approx(0.020 * 4 / 3), "as soon as 522 was there"


def test_speech_that_comes_slower_and_slower_is_followed_as_fast_as_it_does() -> None:
    """As from a B2BUA that holds packets back for a slower path: 6.6 ms later each."""
    mn = Listener()
    mn.send(range(200), {"relay": 1.5})
    mn.send(range(200, 260), {"relay": lambda n: 1.5 + 6.6 * (n - 200)})
    mn.send(range(260, 400), {"relay": 397.5})
    mn.listen()
    assert mn.concealed() == 0
