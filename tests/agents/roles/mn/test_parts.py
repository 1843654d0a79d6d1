"""The small parts of the mobile node: links, the guess at a round trip, the proof of a new path."""

from __future__ import annotations

from random import Random

import pytest

from agents.roles.mn.call.links import Links, round_trip_s
from agents.roles.mn.call.path_proof import PathProof, possible_round_trips
from agents.roles.mn.schemes import make_scheme
from agents.roles.mn.triggers import make_decision
from agents.roles.role import LinkChange
from agents.rtp.receiver import StreamReceiver
from agents.rtp.rtcp_session import RtcpSession
from agents.rtp.rtcp_xr import VoipMetrics
from agents.rtp.source import MediaSource
from agents.sip.message.address import Address
from tests.agents.air import Way
from tests.agents.world import World


def two_links() -> Links:
    return Links({
        "wifi": {"interface": "wlan0", "address": "10.0.1.1"},
        "umts": {"interface": "ppp0", "address": "10.0.2.1"},
    })  # fmt: skip


def news(*changes: tuple[bool, set[str], bool]) -> list[list[str]]:
    links = two_links()
    told = [links.apply(LinkChange("wlan0", up, frozenset(addresses), routed)) for up, addresses, routed in changes]
    return [[event for event, _ in one[1]] for one in told if one is not None]


def test_a_link_can_be_used_with_carrier_address_and_route() -> None:
    assert news(
        (True, set(), False), (True, {"10.0.1.1"}, False), (True, {"10.0.1.1", "fe80::1"}, True),
    ) == [["link_up"], [], ["address"]]  # fmt: skip


def test_news_is_told_once() -> None:
    state = (True, {"10.0.1.1"}, True)
    assert news(state, state, (False, {"10.0.1.1"}, True), (False, {"10.0.1.1"}, True)) == [
        ["link_up", "address"], [], ["link_down"], [],
    ]  # fmt: skip


def test_an_address_that_is_lost_and_got_again_is_told_again() -> None:
    state = (True, {"10.0.1.1"}, True)
    assert news(state, (True, set(), True), state) == [["link_up", "address"], [], ["address"]]


def test_another_address_is_not_ours() -> None:
    assert news((True, {"169.254.1.1"}, True)) == [["link_up"]]


def test_an_invite_over_a_slow_link_is_not_sent_again_before_it_can_be_answered() -> None:
    """RFC 3261 17.1.1.1: T1 is larger where it is known in advance that the round trip is."""
    world = World(umts=Way(0.440, 0.020), call_s=20.0)
    world.at(2.0, world.signal)
    world.run(4.0)
    assert world.flow(2.0).count("INVITE mn.umts -> cn") == 1
    world = World(umts=Way(0.440, 0.020), call_s=20.0)
    world.lose("INVITE", on="umts")
    world.at(2.0, world.signal)
    world.run(5.0)
    first, again = (one.at for one in world.sent if (one.label, one.sender) == ("INVITE", "mn.umts"))
    assert again - first == pytest.approx(2 * 0.440 * 1.25)


def test_a_round_trip_is_known_by_rates_and_delays() -> None:
    assert round_trip_s({}) == 0.0
    assert round_trip_s({"delay_s": 1.3, "up_bit_s": 32_000.0, "down_bit_s": 35_000.0}) == pytest.approx(2.26, abs=0.01)


def test_other_interfaces_are_none_of_our_business() -> None:
    assert two_links().apply(LinkChange("lo", True, frozenset({"127.0.0.1"}), True)) is None


def test_names_that_there_are_not() -> None:
    with pytest.raises(KeyError):
        make_decision({"on": "full-moon"}, ("wifi", "umts"), {})
    with pytest.raises(KeyError):
        make_scheme("teleport", World().mn._call)


@pytest.mark.parametrize(
    ("answered_after_s", "possible"),
    [(0.0, [0.0]), (0.22, [0.22]), (0.499, [0.499]), (0.72, [0.72, 0.22]), (3.7, [3.7, 3.2, 2.2, 0.2])],
)
def test_a_round_trip_is_counted_from_one_of_the_tries(answered_after_s: float, possible: list[float]) -> None:
    """RFC 3261 17.1.1.2: at 0, 0.5, 1.5, 3.5 s."""
    assert [round(seconds, 6) for seconds in possible_round_trips(answered_after_s)] == possible


def good_from(reports: RtcpSession | None, *, heard_until: float = 3.0) -> float | None:
    """When a path is proven over which speech comes with no delay from 0 s on; its INVITE was answered after 150 ms."""
    receiver = StreamReceiver({0})
    source = MediaSource(bytes(160), start=0.0, random=Random(1))
    proof = PathProof(receiver, "umts", since=0.0, answered_after_s=0.150, reports=reports)
    for packet in source.packets_to_send(now=heard_until):
        receiver.receive_datagram(packet.data, path="umts", now=packet.due)
        if proof.is_good(packet.due):
            return packet.due
    return None


def reporting(*, wait_ms: int, at: float) -> RtcpSession:
    session = RtcpSession(ssrc=1, cname="mn@host", now=0.0, random=Random(1))
    session.remote_voip, session.remote_voip_at = VoipMetrics(1, nominal_delay=wait_ms), at
    return session


def test_without_a_word_from_the_peer_its_playout_is_given_the_time_that_it_may_need() -> None:
    """All but 10 ms of the 150 may be uplink; with 40 ms for jitter that is 180 ms, and 1.62 s of stretched speech."""
    silent = RtcpSession(ssrc=1, cname="mn@host", now=0.0, random=Random(1))
    assert good_from(None) == good_from(silent) == pytest.approx(1.80, abs=0.02)


def test_a_peer_whose_playout_is_deep_enough_need_not_be_waited_for() -> None:
    """Half a second of speech is needed in any case."""
    assert good_from(reporting(wait_ms=30, at=0.2)) == pytest.approx(0.48, abs=0.001)


def test_what_the_peer_lacks_it_is_given_the_time_for() -> None:
    """6 ms, at 2.5 ms in every 22.5."""
    assert good_from(reporting(wait_ms=4, at=0.7)) == pytest.approx(0.76, abs=0.02)


def test_a_peer_to_which_the_path_is_late_is_waited_for_until_it_says_otherwise() -> None:
    """However long that takes: each report counts anew."""
    assert good_from(reporting(wait_ms=0, at=6.0), heard_until=7.9) is None


def test_what_the_peer_said_before_is_no_word_on_these_copies() -> None:
    """Where a leg stood by: it was about its probes, or about an earlier move."""
    assert good_from(reporting(wait_ms=30, at=-0.1)) == good_from(None)


def test_a_peer_that_has_fallen_silent_is_given_the_time_that_it_may_need() -> None:
    """More than the 1.62 s of stretched speech: some of its reports may have been lost."""
    assert good_from(reporting(wait_ms=0, at=1.0), heard_until=4.0) == pytest.approx(3.0, abs=0.02)


def test_a_scheme_acts_now_and_not_when_a_packet_came() -> None:
    """What lay in the kernel for a while is news of then, and its times are kept for what is heard of it."""
    world = World("handover-cn")
    world.run(3.0)
    times: list[float] = []
    world.mn._scheme.handle_timer = lambda *, now: times.append(now)  # type: ignore[method-assign]
    local, remote = Address(world.wifi.address, 20000), Address("10.0.9.1", 30000)
    world.mn.receive_datagram(b"noise", local=local, remote=remote, now=3.0, came=2.98)
    assert times == [3.0]
