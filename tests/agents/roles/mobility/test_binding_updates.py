"""Mobile IPv6's handovers as message charts (RFC 6275 10.3, 11.7; RFC 4285)."""

from __future__ import annotations

from dataclasses import replace
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
from agents.mip6.mobility_options import (
    AlternateCareOf,
    BindingIdentifier,
    MessageAuthentication,
    MobilityOption,
    ReplayProtection,
)
from agents.roles.kernel_orders import (
    CopyOnto,
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
from agents.roles.role import MobilityPacket

from .bound_world import AGENT, CARE_OF, EPOCH_S, HOME, SECRET, BoundWorld
from .two_link_world import WAY_S

KEY = HomeKey(256, bytes.fromhex(SECRET))
H_AND_A = UpdateFlag.HOME_REGISTRATION | UpdateFlag.ACKNOWLEDGE


def at_rest(**about: object) -> BoundWorld:
    """Registered over the WiFi."""
    world = BoundWorld(**about)  # type: ignore[arg-type]
    world.run(1.0)
    return world


def update(care_of: str = CARE_OF["umts"], *, at: float = 1.0, sequence: int = 1, key: HomeKey = KEY, units: int = 75,
           flags: UpdateFlag = H_AND_A, options: tuple[MobilityOption, ...] | None = None,
           home: str = HOME) -> MobilityPacket:  # fmt: skip
    """A Binding Update as somebody with a key may make it."""
    if options is None:
        stamp = ReplayProtection(ntp_timestamp(EPOCH_S + at))
        options = (AlternateCareOf(care_of), stamp, MessageAuthentication(key.spi))
    is_signed = bool(options) and isinstance(options[-1], MessageAuthentication)
    data = packed(
        BindingUpdate(sequence, flags, units, options), MessageEnds(home, AGENT),
        (lambda covered: key.authenticator(care_of, home, covered)) if is_signed else None,
    )  # fmt: skip
    return MobilityPacket(care_of, AGENT, data, source_home=home)


def test_the_first_link_is_registered_at_once_and_its_tunnel_is_the_home_s() -> None:
    world = at_rest()
    assert world.labels() == ["BU 300 H wifi", "BA 0 wifi"]
    assert world.orders("mn") == [
        SetTunnel("mip-wifi", CARE_OF["wifi"], AGENT), SetTunnel("mip-umts", CARE_OF["umts"], AGENT),
        OwnAddress(HOME, "mip-wifi"), LetInRouted(HOME), SendBy(HOME, "mip-wifi"),
    ]  # fmt: skip
    assert world.orders("home") == [
        LetInUpdates(AGENT), SetTunnel("mip0", AGENT, CARE_OF["wifi"]), OnlyFrom("mip0", HOME),
        Intercept(HOME, "home-eth0"), Deliver(HOME, ("mip0",)),
    ]  # fmt: skip


def test_a_handover_is_one_update_and_its_acknowledgement() -> None:
    world = at_rest()
    world.signal()
    world.run(5.0)
    assert world.labels()[2:] == ["BU 300 H umts", "BA 0 umts"]
    assert world.told("handover_done") == [{"link": "umts"}]
    (done_at,) = (at for at, _, one in world.commands if one == SendBy(HOME, "mip-umts"))
    assert done_at == pytest.approx(1.0 + 2 * WAY_S["umts"])
    assert world.orders("home")[5:] == [
        SetTunnel("mip1", AGENT, CARE_OF["umts"]), OnlyFrom("mip1", HOME),
        Deliver(HOME, ("mip1",)), DropTunnel("mip0"),  # the new tunnel first: no packet is without a way
    ]  # fmt: skip


def test_the_home_address_stands_beside_each_message() -> None:
    """6.1.7, 9.5.4: in a home address option out, in a type 2 routing header back."""
    world = at_rest()
    out, back = world.packets
    assert (out.source, out.destination, out.source_home, out.destination_home) == (CARE_OF["wifi"], AGENT, HOME, "")
    assert (back.source, back.destination, back.source_home, back.destination_home) == (
        AGENT,
        CARE_OF["wifi"],
        "",
        HOME,
    )
    said = parsed(out.message, MessageEnds(HOME, AGENT)).message
    assert isinstance(said, BindingUpdate)
    assert said.flags == H_AND_A
    assert AlternateCareOf(CARE_OF["wifi"]) in said.options


def test_there_and_back_again() -> None:
    world = at_rest()
    for dbm in (-70.0, -50.0, -70.0):
        world.signal(dbm)
        world.run(world.now + 2.0)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts"]
    made = {one.name for one in world.orders("home") if isinstance(one, SetTunnel)}
    assert len(made - {one.name for one in world.orders("home") if isinstance(one, DropTunnel)}) == 1


@pytest.mark.parametrize("lost", ["BU 300 H", "BA 0"])
def test_an_update_or_its_answer_that_is_lost_is_asked_again_after_a_second(lost: str) -> None:
    """11.8: with a new sequence number, and a new time."""
    world = at_rest()
    world.lost = {lost}
    world.signal()
    world.run(4.0)
    asked = [(at, one) for (at, label, link), one in zip(world.sent, world.packets, strict=True)
             if label == "BU 300 H" and link == "umts"]  # fmt: skip
    assert [at for at, _ in asked] == [1.0, 2.0]
    first, second = (parsed(one.message, None).message for _, one in asked)
    assert isinstance(first, BindingUpdate)
    assert isinstance(second, BindingUpdate)
    assert (second.sequence - first.sequence) % 65536 == 1
    assert world.told("handover_done") == [{"link": "umts"}]


def test_the_first_update_of_all_waits_a_second_and_a_half() -> None:
    """13, InitialBindackTimeoutFirstReg; and never more than MAX_BINDACK_TIMEOUT."""
    world = BoundWorld()
    world.agent.receive_report = lambda *_, **__: None  # type: ignore[method-assign]
    world.run(140.0)
    asked = [at for at, label, _ in world.sent if label == "BU 300 H"]
    assert [b - a for a, b in pairwise(asked)] == [1.5, 3.0, 6.0, 12.0, 24.0, 32.0, 32.0]


def test_an_answer_that_is_late_counts_all_the_same() -> None:
    """11.7.3: it matches an update that is outstanding, though another one was sent meanwhile."""
    world = at_rest()
    world.signal()
    world.run(1.15)  # the agent has answered
    answer = world.packets[-1]
    world._due.clear()
    world.run(2.05)
    assert world.labels()[-1] == "BU 300 H umts"
    world._due.clear()
    world.hand("mn", answer)
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.mobile.get_timer() != pytest.approx(4.0)


def test_with_another_key_nothing_is_bound_and_no_answer_is_believed() -> None:
    world = at_rest(key="ff" * 16)
    assert [one["code"] for one in world.told("registration_refused", "home")][:1] == [146]
    assert world.told("registered") == []
    assert world.told("discarded", "mn")[0]["reason"] == "not signed by the home agent"
    assert world.orders("home") == [LetInUpdates(AGENT)]


def test_an_answer_by_somebody_else_moves_nothing() -> None:
    world = at_rest()
    world.signal()
    world.run(1.01)
    sent = parsed(world.packets[-1].message, None).message
    assert isinstance(sent, BindingUpdate)
    forged = BindingAcknowledgement(0, 0, sent.sequence, 75, (MessageAuthentication(256),))
    for stranger in (AGENT, "2001:db8:a42::2"):
        data = packed(forged, MessageEnds(stranger, HOME), lambda _: bytes(12))
        world.hand("mn", MobilityPacket(stranger, CARE_OF["umts"], data, destination_home=HOME))
    assert world.told("handover_done") == []
    assert [one["reason"] for one in world.told("discarded", "mn")] == ["not signed by the home agent"] * 2


@pytest.mark.parametrize("wrong_s", [-3600.0, 3600.0])
def test_a_clock_that_is_wrong_is_set_by_the_refusal(wrong_s: float) -> None:
    """RFC 4285 6, status 144: one round trip more, once."""
    world = at_rest(mobile_clock_s=EPOCH_S + wrong_s)
    assert world.labels() == ["BU 300 H wifi", "BA 144 wifi", "BU 300 H wifi", "BA 0 wifi"]
    world.signal()
    world.run(2.0)
    assert world.labels()[4:] == ["BU 300 H umts", "BA 0 umts"]


def test_what_was_sent_once_binds_nothing_a_second_time() -> None:
    world = at_rest()
    first = world.packets[0]
    world.signal()
    world.run(2.0)
    before = len(world.orders("home"))
    world.hand("home", first)
    assert world.told("registration_refused", "home")[-1]["code"] == BindingStatus.TIMESTAMP_MISMATCH
    assert len(world.orders("home")) == before


@pytest.mark.parametrize(
    ("packet", "status"),
    [
        (update(at=1.0, sequence=0x9000), None),
        (update(key=HomeKey(257, KEY.secret)), BindingStatus.FAILED_AUTHENTICATION),
        (update(key=HomeKey(256, bytes(16))), BindingStatus.FAILED_AUTHENTICATION),
        (update(options=(AlternateCareOf(CARE_OF["umts"]), MessageAuthentication(256))),
         BindingStatus.TIMESTAMP_REQUIRED),
        (update(at=9.0), BindingStatus.TIMESTAMP_MISMATCH),
        (update(at=-9.0), BindingStatus.TIMESTAMP_MISMATCH),
    ],
)  # fmt: skip
def test_what_an_update_is_answered(packet: MobilityPacket, status: BindingStatus | None) -> None:
    world = at_rest()
    world.agent._tunnels._bound[HOME].clear()
    world.hand("home", packet)
    refused = world.told("registration_refused", "home")
    assert [one["code"] for one in refused] == ([] if status is None else [status])
    assert world.sent[-1][1] == f"BA {int(status or 0)}"


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (update(home="2001:db8:a0a::77"), "no association"),
        (update(options=(AlternateCareOf(CARE_OF["umts"]),)), "not signed"),
        (update(flags=UpdateFlag.ACKNOWLEDGE), "no home registration"),
        (update()._replace(source_home=CARE_OF["wifi"]), "the checksum is wrong"),
        (update()._replace(message=b"\x3b\x00"), "2 bytes, and 8 are the least"),
    ],
)
def test_what_is_not_answered_at_all(packet: MobilityPacket, reason: str) -> None:
    world = at_rest()
    before = len(world.sent)
    world.hand("home", packet)
    assert world.told("discarded", "home")[-1]["reason"] == reason
    assert len(world.sent) == before
    assert world.agent.discarded == {reason: 1}


def test_a_sequence_number_has_to_be_behind_the_last_one() -> None:
    """9.5.1: the answer has the last one that counted."""
    world = at_rest()
    world.hand("home", update(at=1.5, sequence=100))
    last = [one.number for one in world.agent._tunnels.bound(HOME).values()]
    number = last[0]
    world.hand("home", update(at=1.6, sequence=number))
    assert world.told("registration_refused", "home")[-1]["code"] == BindingStatus.SEQUENCE_OUT_OF_WINDOW
    answer = parsed(world.packets[-1].message, None).message
    assert answer.sequence == number  # type: ignore[union-attr]


def test_a_home_agent_that_has_forgotten_all_learns_it_at_the_next_update() -> None:
    world = at_rest()
    world.restart_agent()
    world.signal()
    world.run(3.0)
    assert world.told("handover_done") == [{"link": "umts"}]
    assert list(world.agent._tunnels.bound(HOME)) == [CARE_OF["umts"]]


def test_a_binding_is_renewed_before_it_is_over() -> None:
    world = at_rest()
    world.run(1000.0)
    assert [at for at, label, _ in world.sent if label == "BU 300 H"][1] == pytest.approx(225.0, abs=0.01)
    assert world.told("binding_expired") == []
    assert [one for one in world.orders("home") if isinstance(one, Deliver)] == [Deliver(HOME, ("mip0",))]


def test_what_is_granted_for_less_is_renewed_earlier_and_ends_without_that() -> None:
    world = at_rest(longest_s=20)
    world.run(40.0)
    assert [round(at) for at, label, _ in world.sent if label == "BU 300 H"] == [0, 15, 30]
    for name in ("umts", "wifi"):
        world.link(name, is_up=False)
    world.run(90.0)
    assert world.told("binding_expired") == [{"home": HOME, "care_of": CARE_OF["wifi"]}]
    assert world.orders("home")[-2:] == [Deliver(HOME, ()), DropTunnel("mip0")]


def test_an_update_of_no_lifetime_ends_the_binding() -> None:
    """10.3.2."""
    world = at_rest()
    number = world.agent._tunnels.bound(HOME)[CARE_OF["wifi"]].number
    world.hand("home", update(CARE_OF["wifi"], at=1.1, sequence=(number + 1) % 65536, units=0))
    assert world.agent._tunnels.bound(HOME) == {}
    assert world.sent[-1][1] == "BA 0"


def test_a_new_link_that_dies_meanwhile_is_waited_for() -> None:
    world = at_rest()
    world.signal()
    world.link("umts", is_up=False)
    world.run(3.0)
    world.link("umts", is_up=True)
    world.run(5.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_a_refused_handover_leaves_the_call_where_it_is_and_is_tried_again() -> None:
    world = at_rest()
    world.agent._judge = lambda *_, **__: BindingStatus.NO_RESOURCES  # type: ignore[method-assign]
    world.signal()
    world.run(2.0)
    assert world.told("handover_failed") == [{"status": 130}]
    assert SendBy(HOME, "mip-umts") not in world.orders("mn")
    del world.agent._judge
    world.run(7.0)
    assert world.told("handover_done") == [{"link": "umts"}]


def test_replacing_one_option_of_a_signed_update_is_noticed() -> None:
    world = at_rest()
    honest = update(at=1.2, sequence=0x4000)
    message, _ = parsed(honest.message, None)
    evil = replace(message, options=(AlternateCareOf("2001:db8:a42::2"), *message.options[1:]))
    world.hand("home", honest._replace(message=packed(evil, MessageEnds(HOME, AGENT))))
    assert world.told("registration_refused", "home")[-1]["code"] == BindingStatus.FAILED_AUTHENTICATION


# -- several bindings (RFC 5648) ---------------------------------------------------------------------------------------


def numbers(world: BoundWorld) -> list[tuple[int, bool, int]]:
    """Of each update: which binding it is about, whether it is to be the only one, and for how long."""
    said = (parsed(one.message, None).message for one in world.packets)
    updates = [one for one in said if isinstance(one, BindingUpdate)]
    return [
        (next(each.number for each in one.options if isinstance(each, BindingIdentifier)),
         bool(one.flags & UpdateFlag.OVERWRITE), one.units * 4)
        for one in updates
    ]  # fmt: skip


def test_with_two_bindings_packets_go_over_both_for_a_second() -> None:
    world = at_rest(mobile={"bindings": "two-moving"})
    world.signal()
    world.run(5.0)
    assert world.labels()[2:] == ["BU 300 H umts", "BA 0 umts", "BU 0 H umts", "BA 0 umts"]
    assert numbers(world) == [(1, True, 300), (2, False, 300), (1, False, 0)]
    assert world.orders("mn")[5:] == [
        CopyOnto("mip-wifi", ("mip-umts",)), SendBy(HOME, "mip-umts"), CopyOnto("mip-wifi", ()),
    ]  # fmt: skip
    assert world.orders("home")[-3:] == [
        Deliver(HOME, ("mip0", "mip1")), Deliver(HOME, ("mip1",)), DropTunnel("mip0"),
    ]  # fmt: skip


def test_where_the_old_link_is_gone_the_new_binding_is_the_only_one() -> None:
    world = at_rest(mobile={"bindings": "two-moving"})
    world.link("wifi", is_up=False)
    world.run(3.0)
    assert numbers(world) == [(1, True, 300), (2, True, 300)]
    assert world.orders("home")[-2:] == [Deliver(HOME, ("mip1",)), DropTunnel("mip0")]


def test_a_home_agent_that_knows_one_binding_alone_is_noticed() -> None:
    """RFC 5648 3: its answer has no such option, and it is a plain handover."""
    world = at_rest(mobile={"bindings": "two-moving"})
    world.signal()
    world.run(1.15)
    world._due.clear()
    sent = parsed(world.packets[-2].message, None).message
    assert isinstance(sent, BindingUpdate)
    stamp = next(one for one in sent.options if isinstance(one, ReplayProtection))
    plain = BindingAcknowledgement(0, 0, sent.sequence, 75, (stamp, MessageAuthentication(256)))
    data = packed(plain, MessageEnds(AGENT, HOME), lambda covered: KEY.authenticator(CARE_OF["umts"], HOME, covered))
    world.hand("mn", MobilityPacket(AGENT, CARE_OF["umts"], data, destination_home=HOME))
    world.run(4.0)
    assert world.orders("mn")[5:] == [SendBy(HOME, "mip-umts")]
    assert world.told("handover_done") == [{"link": "umts"}]
