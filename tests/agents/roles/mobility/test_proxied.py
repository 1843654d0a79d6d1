"""Proxy Mobile IPv6 (RFC 5213) as message charts: the node, the gateways of its two links, and their anchor."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.mip6.mobility_header import parsed
from agents.mip6.proxy_options import HomeNetworkPrefix
from agents.roles.kernel_orders import Deliver, DropTunnel, Intercept, OnlyFrom, SendLike, SetTunnel
from agents.roles.mobility.proxy.proxy_updates import Attachment

from .proxied_world import BEGUN, GATEWAYS, HOME, ON_LINK, ProxiedWorld, begun, label_of, leave, moved

# -- as it should be ---------------------------------------------------------------------------------------------------


def test_the_gateway_registers_a_node_that_is_heard_on_its_link() -> None:
    """Figures 2 and 3: attached, PBU, PBA, tunnel and routes, then the router tells whose prefix it is."""
    world = begun()
    assert world.labels() == BEGUN
    assert (world.sends_by, world.served, world.delivers_to) == ("wifi", {"wifi"}, "wifi")
    assert world.gateways["umts"].state == Attachment.AWAY
    assert [type(one) for one in world.orders("home")] == [SetTunnel, OnlyFrom, Intercept, Deliver]


def test_a_handover_between_two_interfaces_is_done_at_once() -> None:
    """Handoff indicator 2 (8.4): the anchor waits for nobody; the gateway before is told by the node, and says so."""
    world = moved(begun())
    assert world.labels()[4:] == [
        "NA umts", "PBU 300 2 umts", "PBA 0 umts", "RA umts", "Done wifi", "PBU 0 4 wifi",
    ]  # fmt: skip
    assert (world.sends_by, world.served, world.delivers_to) == ("umts", {"umts"}, "umts")
    at = {label: when for when, label, _ in world.sent[4:]}
    assert at["PBU 300 2"] == pytest.approx(1.110, abs=0.001)
    assert world.told("handover_done")[-1] == {"link": "umts", "took_s": pytest.approx(0.221, abs=0.001)}
    # 5.3.5 1: it is elsewhere by now, so the request is ignored; the gateway lets go after a second (6.9.1.4).
    assert [one["care_of"] for one in world.told("deregistration_ignored")] == [GATEWAYS["wifi"]]
    assert DropTunnel in {type(one) for one in world.orders("home")}


def test_what_the_node_sends_goes_by_the_new_link_at_once() -> None:
    """In packets that fit into the tunnel, as the first gateway has said (6.9.2 3)."""
    world = begun()
    world.signal()
    assert world.sends_by == "umts"
    assert [one for one in world.orders() if isinstance(one, SendLike)] == [
        SendLike(HOME, ON_LINK["wifi"]), SendLike(HOME, ON_LINK["wifi"], 1460), SendLike(HOME, ON_LINK["umts"], 1460),
    ]  # fmt: skip


def test_there_and_back_again() -> None:
    world = moved(begun(trigger={"on": "link-down"}), 1.5)
    world.link("wifi", is_up=False)
    world.run(3.0)
    assert world.delivers_to == "umts"
    world.link("wifi", is_up=True)
    world.run(4.0)
    world.link("umts", is_up=False)
    world.run(6.0)
    assert (world.sends_by, world.delivers_to) == ("wifi", "wifi")
    assert [one["link"] for one in world.told("handover_done")] == ["wifi", "umts", "wifi"]


def test_a_link_that_comes_back_while_it_is_in_use_is_told_anew() -> None:
    world = begun()
    world.link("umts", is_up=False)
    world.link("wifi", is_up=False)
    world.link("wifi", is_up=True)
    world.run(2.0)
    assert world.labels() == [*BEGUN, *BEGUN]


# -- handoff state unknown: 5.4.1.2 4 ----------------------------------------------------------------------------------


def test_where_the_handoff_is_unknown_the_anchor_waits_for_the_other_gateway_a_second_and_a_half() -> None:
    world = moved(begun(handoff=4), 4.0)
    asked = next(when for when, label, link in world.sent if (label, link) == ("PBU 300 4", "umts"))
    done = next(when for when, label, link in world.sent if (label, link) == ("PBA 0", "umts"))
    assert done - asked == pytest.approx(1.5, abs=0.002)
    assert world.delivers_to == "umts"


def test_it_waits_no_longer_when_the_other_one_has_let_go() -> None:
    world = begun(handoff=4)
    world.signal()
    world.run(1.3)
    assert world.delivers_to == "wifi"
    leave(world)
    world.run(1.31)
    assert world.delivers_to == "umts"
    assert world.told("deregistered", "home")
    assert world.told("deregistered", "wifi-gw")


def test_a_node_that_was_let_go_is_taken_up_at_once() -> None:
    """5.3.5: within MinDelayBeforeBCEDelete it is the same session; nothing is sent to it meanwhile."""
    world = begun(handoff=4)
    leave(world)
    world.run(1.1)
    assert (world.delivers_to, world.served) == ("", set())
    world.signal()
    world.run(1.3)
    assert world.delivers_to == "umts"


def test_a_node_that_stays_away_is_forgotten() -> None:
    world = begun()
    leave(world)
    world.mobile._tell_at = None
    world.run(10.9)
    assert HOME in world.anchor._sessions
    world.run(11.1)
    assert world.anchor._sessions == {}


def test_requests_that_wait_are_answered_once_and_the_last_one_is() -> None:
    """The update is asked again after a second (6.9.4), while the anchor waits: the time does not begin anew."""
    world = moved(begun(handoff=4), 4.0)
    to_umts = [one for one in world.labels() if one.endswith("umts") and one.startswith("PB")]
    assert to_umts == ["PBU 300 4 umts", "PBU 300 4 umts", "PBA 0 umts"]


# -- what is lost, late, silent ----------------------------------------------------------------------------------------


def test_what_is_said_on_the_link_is_said_again_until_the_router_answers() -> None:
    world = begun()
    world.lost |= {"NA"}
    moved(world)
    assert world.labels().count("NA umts") == 2
    assert world.told("handover_done")[-1]["link"] == "umts"


@pytest.mark.parametrize("lost", ["PBU 300 2", "PBA 0"])
def test_an_update_or_an_answer_that_is_lost_is_asked_for_again_after_a_second(lost: str) -> None:
    """6.9.4: INITIAL_BINDACK_TIMEOUT, with the latest time."""
    world = begun()
    world.lost |= {lost}
    moved(world, 4.0)
    asked = [when for when, label, link in world.sent if (label, link) == ("PBU 300 2", "umts")]
    assert asked[1] - asked[0] == pytest.approx(1.0)
    assert world.delivers_to == "umts"
    assert world.served == {"umts"}


def test_an_anchor_that_is_silent_is_asked_more_and_more_seldom_while_the_node_is_there() -> None:
    world = begun()
    world.is_silent = True
    moved(world, 20.0)
    asked = [when for when, label, link in world.sent if (label, link) == ("PBU 300 2", "umts")]
    gaps = [round(after - before, 3) for before, after in pairwise(asked)]
    assert gaps == [1.0, 2.0, 4.0, 8.0]
    assert "RA umts" not in world.labels()
    assert (world.served, world.told("handover_done")[-1]["link"]) == ({"wifi"}, "wifi")
    world.is_silent = False
    world.run(40.0)
    assert world.delivers_to == "umts"


def test_a_gateway_stops_asking_for_a_node_that_has_left() -> None:
    world = ProxiedWorld()
    world.is_silent = True
    world.run(0.5)
    leave(world)
    world.mobile._tell_at = None
    world.run(10.0)
    assert world.labels() == ["NA wifi", "PBU 300 2 wifi", "PBU 0 4 wifi"]
    assert world.gateways["wifi"].state == Attachment.AWAY


def test_an_anchor_that_was_restarted_learns_of_the_node_when_its_session_is_renewed() -> None:
    world = begun()
    world.restart_anchor()
    world.run(226.0)
    assert world.labels()[4:] == ["PBU 300 5 wifi", "PBA 0 wifi", "RA wifi"]
    assert world.delivers_to == "wifi"


def test_a_session_is_renewed_in_time_with_the_prefix_that_it_has() -> None:
    """6.9.1.3: handoff indicator 5, after three quarters of what was granted."""
    world = begun()
    world.run(300.0)
    assert [when for when, label, _ in world.sent if label == "PBU 300 5"] == [pytest.approx(225.0, abs=0.01)]
    last = next(one for one in world.packets if label_of(one) == "PBU 300 5")
    assert HomeNetworkPrefix(f"{HOME}/128") in parsed(last.message, None).message.options


def test_a_session_that_nobody_renews_is_over_at_both_ends() -> None:
    world = begun()
    world.is_silent = True
    world.run(310.0)
    assert (world.served, world.delivers_to, world.anchor._sessions) == (set(), "", {})
    assert len(world.told("binding_expired")) == 2


def test_a_gateway_that_did_not_hear_the_node_leave_is_told_so_when_it_renews() -> None:
    """The node's word was lost with its link: the prefix is another gateway's by now (5.4.1.1, 5.3.2 3)."""
    world = begun(trigger={"on": "link-down"})
    world.link("wifi", is_up=False)
    world.run(2.0)
    assert world.served == {"wifi", "umts"}
    world.run(226.0)
    assert (world.served, world.delivers_to) == ({"umts"}, "umts")
    refused = world.told("registration_refused", "wifi-gw")
    assert [one["code"] for one in refused] == [155]


def test_the_anchor_grants_less_than_is_asked_for() -> None:
    world = begun(anchor={"longest_s": 42})
    assert world.told("registered", "wifi-gw")[0]["lifetime_s"] == 40
    world.run(31.0)
    assert "PBU 300 5 wifi" in world.labels()
