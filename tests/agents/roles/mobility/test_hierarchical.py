"""Hierarchical Mobile IPv6's handovers as message charts (RFC 5380 6)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import AlternateCareOf, MessageAuthentication, ReplayProtection
from agents.roles.kernel_orders import (
    Deliver,
    DropTunnel,
    Intercept,
    LetInRouted,
    LetInUpdates,
    OnlyFrom,
    OwnAddress,
    SendBy,
    SetTunnel,
)
from agents.roles.mobility.clock import ntp_timestamp
from agents.roles.mobility.ip6.hierarchical_binding import regional_address
from agents.roles.role import HearMobility, MobilityPacket

from .bound_world import AGENT, CARE_OF, EPOCH_S, HOME
from .hierarchical_world import HOME_S, OF_POINT, POINT, REGIONAL, HierarchicalWorld
from .two_link_world import WAY_S

KEY = HomeKey.of({**OF_POINT})
LOCAL_AND_A = UpdateFlag.LOCAL | UpdateFlag.ACKNOWLEDGE
MOVE = ["BU 300 L umts", "BA 0 umts"]


def at_rest(**about: object) -> HierarchicalWorld:
    """Bound over the WiFi, here and at home."""
    world = HierarchicalWorld(**about)  # type: ignore[arg-type]
    world.run(1.0)
    return world


def update(
    care_of: str, *, at: float, flags: UpdateFlag = LOCAL_AND_A, key: HomeKey = KEY, sequence: int = 0
) -> MobilityPacket:
    """A local Binding Update as somebody with a key may make it."""
    stamp = ReplayProtection(ntp_timestamp(EPOCH_S + at))
    message = BindingUpdate(sequence, flags, 75, (AlternateCareOf(care_of), stamp, MessageAuthentication(key.spi)))
    data = packed(message, MessageEnds(REGIONAL, POINT), lambda covered: key.authenticator(care_of, REGIONAL, covered))
    return MobilityPacket(care_of, POINT, data, source_home=REGIONAL)


def following(world: HierarchicalWorld) -> int:
    """A sequence number behind the last one that counted at the anchor point."""
    return (world.point._sequence[REGIONAL] + 1) % 0x10000


def test_a_regional_address_is_of_the_anchor_point_s_subnet() -> None:
    """Section 6: its prefix, and the node's interface identifier."""
    assert regional_address("2001:db8:a00:100::a00:101", "000000fffe000001") == "2001:db8:a00:100:0:ff:fe00:1"


def test_first_the_anchor_point_and_then_the_home_agent_for_no_longer() -> None:
    """6.1: the home agent is asked from the regional address, through the tunnel that there is by then."""
    world = at_rest()
    assert world.labels() == ["BU 300 L wifi", "BA 0 wifi", "BU 296 H wifi", "BA 0 wifi"]
    at_point, _, at_home, answer = world.packets
    assert at_point[:2] + at_point[3:] == (CARE_OF["wifi"], POINT, REGIONAL, "", "")
    assert at_home[:2] + at_home[3:] == (REGIONAL, AGENT, HOME, "", "")
    assert answer[:2] + answer[3:] == (AGENT, REGIONAL, "", HOME, "")
    said = parsed(at_point.message, MessageEnds(REGIONAL, POINT)).message
    assert isinstance(said, BindingUpdate)
    assert said.flags == LOCAL_AND_A
    assert world.told("registered_at_home") == [
        {"care_of": REGIONAL, "code": 0, "took_s": pytest.approx(2 * (WAY_S["wifi"] + HOME_S)), "lifetime_s": 296}
    ]


def test_a_tunnel_from_the_regional_address_lies_in_that_of_the_link() -> None:
    world = at_rest()
    assert world.orders("mn") == [
        SetTunnel("mip-wifi", CARE_OF["wifi"], POINT), SetTunnel("mip-umts", CARE_OF["umts"], POINT),
        OwnAddress(REGIONAL, "mip-wifi", for_programs=False),
        LetInRouted(REGIONAL), LetInRouted(HOME),
        SetTunnel("hmip-home", REGIONAL, AGENT), OwnAddress(HOME, "hmip-home"), SendBy(REGIONAL, "mip-wifi"),
    ]  # fmt: skip
    assert [one for _, who, one in world.commands if who == "mn" and isinstance(one, HearMobility)] == [HearMobility()]
    assert world.orders("point") == [
        LetInUpdates(POINT), SetTunnel("mip0", POINT, CARE_OF["wifi"]), OnlyFrom("mip0", REGIONAL),
        Intercept(REGIONAL, "core-wifi"), Deliver(REGIONAL, ("mip0",)),
    ]  # fmt: skip
    assert SetTunnel("mip0", AGENT, REGIONAL) in world.orders("home")


def test_a_move_is_one_local_update_and_nothing_to_the_home_agent() -> None:
    world = at_rest()
    world.signal()
    world.run(5.0)
    assert world.chart(since=1.0) == MOVE
    assert world.told("handover_done") == [{"link": "umts"}]
    (done_at,) = (at for at, _, one in world.commands if one == SendBy(REGIONAL, "mip-umts"))
    assert done_at == pytest.approx(1.0 + 2 * WAY_S["umts"])
    assert world.orders("point")[5:] == [
        SetTunnel("mip1", POINT, CARE_OF["umts"]), OnlyFrom("mip1", REGIONAL),
        Deliver(REGIONAL, ("mip1",)), DropTunnel("mip0"),
    ]  # fmt: skip


def test_both_are_told_again_in_time_and_the_home_agent_nothing_of_moves() -> None:
    world = at_rest()
    for at in range(20, 1000, 20):
        world.signal(-70.0 if at % 40 else -50.0)
        world.run(float(at))
    assert {one["care_of"] for one in world.told("registered", "home")} == {REGIONAL}
    assert len(world.told("registered", "point")) > 40
    assert len(world.told("registered", "home")) <= 6
    assert world.told("binding_expired") == []


def test_what_the_anchor_point_grants_is_the_most_that_is_asked_for_at_home() -> None:
    """6.1: "the binding lifetime MUST NOT be larger than the mobile node's binding lifetime with the MAP"."""
    world = at_rest(longest_s=20)
    world.run(60.0)
    asked = {label for _, label, _ in world.sent if label.endswith(" H")}
    assert asked <= {f"BU {seconds} H" for seconds in range(4, 20, 4)}
    assert world.told("binding_expired") == []


# -- an anchor point that does not do what it should ------------------------------------------------------------------


def test_an_anchor_point_that_is_silent_is_asked_again_and_the_home_agent_is_not() -> None:
    world = HierarchicalWorld(silent=frozenset({"point"}))
    world.run(140.0)
    assert {label for _, label, _ in world.sent} == {"BU 300 L"}
    asked = [at for at, _, _ in world.sent]
    assert [after - at for at, after in pairwise(asked)] == [1.5, 3.0, 6.0, 12.0, 24.0, 32.0, 32.0]


def test_one_that_falls_silent_leaves_the_call_where_it_is_until_it_is_back() -> None:
    world = at_rest()
    world.silent = {"point"}
    world.signal()
    world.run(3.5)
    assert world.chart(since=1.0) == ["BU 300 L umts"] * 2
    assert world.told("handover_done") == []
    assert SendBy(REGIONAL, "mip-umts") not in world.orders("mn")
    world.silent = set()
    world.run(5.0)
    assert world.told("handover_done") == [{"link": "umts"}]


@pytest.mark.parametrize(
    "status",
    [BindingStatus.PROHIBITED, BindingStatus.NO_RESOURCES, BindingStatus.NOT_HOME_SUBNET],
)
def test_one_that_refuses_a_move_is_asked_again_if_it_is_still_wanted(status: BindingStatus) -> None:
    world = at_rest()
    world.point._admits = lambda care_of: status  # type: ignore[method-assign]
    world.signal()
    world.run(2.0)
    assert world.chart(since=1.0) == ["BU 300 L umts", f"BA {int(status)} umts"]
    assert world.told("handover_failed") == [{"status": int(status)}]
    assert list(world.point._tunnels.bound(REGIONAL)) == [CARE_OF["wifi"]]
    del world.point._admits
    world.run(7.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_one_that_knows_a_higher_number_is_asked_with_the_next_one() -> None:
    """RFC 6275 11.7.3: a node that has begun anew; the refusal has the number, so it is known by its time."""
    world = at_rest()
    world.point._sequence[REGIONAL] = (world.point._sequence[REGIONAL] + 0x1000) % 0x10000
    world.signal()
    world.run(2.0)
    assert world.chart(since=1.0) == ["BU 300 L umts", "BA 135 umts", *MOVE]


def test_one_that_refuses_each_number_is_not_asked_without_end() -> None:
    world = at_rest()
    world.point._admits = lambda care_of: BindingStatus.SEQUENCE_OUT_OF_WINDOW  # type: ignore[method-assign]
    world.signal()
    world.run(2.0)
    assert world.chart(since=1.0) == ["BU 300 L umts", "BA 135 umts"] * 2
    assert world.told("handover_failed") == [{"status": 135}]


def test_one_that_refuses_from_the_beginning_leaves_nothing_to_tell_at_home() -> None:
    world = HierarchicalWorld(domain=["2001:db8:a77::/64"])
    world.run(10.0)
    assert world.labels()[:2] == ["BU 300 L wifi", "BA 129 wifi"]
    assert {label for _, label, _ in world.sent} == {"BU 300 L", "BA 129"}
    assert world.told("registering_at_home") == []


def test_one_that_has_forgotten_all_learns_it_at_the_next_move_and_the_home_agent_hears_nothing() -> None:
    world = at_rest()
    world.restart_point()
    assert world._bound() == ""
    world.signal()
    world.run(3.0)
    assert world.chart(since=1.0) == MOVE
    assert list(world.point._tunnels.bound(REGIONAL)) == [CARE_OF["umts"]]


def test_one_that_has_forgotten_all_learns_it_at_the_renewal_without_a_move() -> None:
    """Section 10: nobody notices before."""
    world = at_rest()
    world.restart_point()
    world.run(220.0)
    assert world._bound() == ""
    world.run(240.0)
    assert world._bound() == "wifi"


def test_with_another_key_nothing_is_bound_here_or_at_home() -> None:
    world = at_rest(key="ff" * 16)
    assert [one["code"] for one in world.told("registration_refused", "point")][:1] == [146]
    assert world.told("discarded", "mn")[0]["reason"] == "not signed by the home agent"
    assert world.told("registered") == []
    assert world.told("registering_at_home") == []
    assert world.orders("point") == [LetInUpdates(POINT)]


def test_what_was_sent_once_binds_nothing_a_second_time() -> None:
    world = at_rest()
    first = world.packets[0]
    world.signal()
    world.run(2.0)
    before = len(world.orders("point"))
    world.hand("point", first)
    assert world.told("registration_refused", "point")[-1]["code"] == BindingStatus.TIMESTAMP_MISMATCH
    assert len(world.orders("point")) == before


def test_an_answer_that_is_late_counts_all_the_same() -> None:
    world = at_rest()
    world.signal()
    world.run(1.15)  # it has answered
    answer = world.packets[-1]
    world._due.clear()
    world.run(2.05)
    assert world.labels()[-1] == "BU 300 L umts"
    world._due.clear()
    world.hand("mn", answer)
    assert world.told("handover_done") == [{"link": "umts"}]


@pytest.mark.parametrize("stranger", [POINT, AGENT, "2001:db8:a42::2"])
def test_an_answer_by_somebody_else_moves_nothing(stranger: str) -> None:
    world = at_rest()
    world.signal()
    world.run(1.01)
    sent = parsed(world.packets[-1].message, None).message
    assert isinstance(sent, BindingUpdate)
    forged = BindingAcknowledgement(0, 0, sent.sequence, 75, (MessageAuthentication(1024),))
    data = packed(forged, MessageEnds(stranger, REGIONAL), lambda _: bytes(12))
    world.hand("mn", MobilityPacket(stranger, CARE_OF["umts"], data, destination_home=REGIONAL))
    assert world.told("handover_done") == []
    assert len(world.told("discarded", "mn")) == 1


@pytest.mark.parametrize(
    ("care_of", "flags", "key", "code"),
    [
        (CARE_OF["umts"], LOCAL_AND_A, KEY, 0),
        ("2001:db8:a42::2", LOCAL_AND_A, KEY, 129),  # 6.2: not on a link of the domain
        (CARE_OF["umts"], LOCAL_AND_A, HomeKey(1024, bytes(16)), 146),
        (CARE_OF["umts"], UpdateFlag.LOCAL, KEY, None),
        (CARE_OF["umts"], LOCAL_AND_A | UpdateFlag.HOME_REGISTRATION, KEY, None),
        (CARE_OF["umts"], UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION, KEY, None),
    ],
)
def test_what_an_anchor_point_answers(care_of: str, flags: UpdateFlag, key: HomeKey, code: int | None) -> None:
    """Section 4: M and A, and what is for a home agent is none of its business."""
    world = at_rest()
    world.hand("point", update(care_of, at=1.0, flags=flags, key=key, sequence=following(world)))
    if code is None:
        assert world.told("discarded", "point") == [{"reason": "no local binding update", "remote": REGIONAL}]
        assert len(world.sent) == 4
    else:
        assert labelled_last(world) == f"BA {code}"
    bound = [CARE_OF["umts"]] if code == 0 else [CARE_OF["wifi"]]
    assert list(world.point._tunnels.bound(REGIONAL)) == bound


def labelled_last(world: HierarchicalWorld) -> str:
    said = parsed(world.packets[-1].message, None).message
    assert isinstance(said, BindingAcknowledgement)
    return f"BA {said.status}"


def test_neither_takes_what_is_for_the_other() -> None:
    world = at_rest()
    local, _, at_home, _ = world.packets
    world.hand("home", local)
    world.hand("point", at_home)
    assert world.told("discarded", "home")[-1]["reason"] == "no home registration"
    assert world.told("discarded", "point")[-1]["reason"] == "no local binding update"


# -- a home agent that does not do what it should ---------------------------------------------------------------------


def test_a_home_agent_that_is_silent_is_asked_again_and_moves_go_on_meanwhile() -> None:
    world = HierarchicalWorld(silent=frozenset({"home"}))
    world.run(2.0)
    world.signal()
    world.run(8.0)
    assert [at for at, label, _ in world.sent if label == "BU 296 H"] == pytest.approx([0.003, 1.503, 4.503])
    assert world.told("handover_done") == [{"link": "umts"}]
    world.silent = set()
    world.run(12.0)
    assert [one["care_of"] for one in world.told("registered_at_home")] == [REGIONAL]


def test_a_home_agent_that_falls_silent_hinders_no_move_while_its_binding_lasts() -> None:
    world = at_rest()
    world.silent = {"home"}
    for dbm in (-70.0, -50.0, -70.0):
        world.signal(dbm)
        world.run(world.now + 2.0)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts"]
    assert [label for _, label, _ in world.sent if label.endswith(" H")] == ["BU 296 H"]
    assert list(world.agent._tunnels.bound(HOME)) == [REGIONAL]


def test_a_home_agent_that_refuses_is_asked_again_after_four_seconds() -> None:
    world = HierarchicalWorld()
    world.agent._admits = lambda care_of: BindingStatus.NO_RESOURCES  # type: ignore[method-assign]
    world.run(1.0)
    assert [one["code"] for one in world.told("registration_at_home_refused")] == [130]
    del world.agent._admits
    world.run(6.0)
    assert [one["lifetime_s"] for one in world.told("registered_at_home")] == [292]
    (again,) = (at for at, label, _ in world.sent if label == "BU 292 H")
    assert again == pytest.approx(4.0 + 0.003 + 2 * (WAY_S["wifi"] + HOME_S))


def test_what_is_bound_here_for_less_than_a_unit_is_not_asked_for_at_home() -> None:
    """6.1, and RFC 6275 6.1.7: lifetimes are in units of four seconds."""
    world = HierarchicalWorld(longest_s=4)
    world.run(30.0)
    assert len(world.told("registered", "point")) >= 9
    assert world.told("registering_at_home") == []
