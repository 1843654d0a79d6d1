"""The small parts of the mobile node: links, the guess at a round trip."""

from __future__ import annotations

import pytest

from agents.roles.mn.call.links import Links
from agents.roles.mn.call.path_proof import possible_round_trips
from agents.roles.mn.schemes import make_scheme
from agents.roles.mn.triggers import make_decision
from agents.roles.role import LinkChange
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
