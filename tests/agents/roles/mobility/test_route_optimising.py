"""Return routability and what follows, as message charts (RFC 6275 5.2.5, 9.4, 9.5, 11.6, 11.7.2)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.mip6.binding_keys import binding_authenticator, binding_key
from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingStatus,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    MessageEnds,
    MobilityMessage,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import BindingAuthorization, MobilityOption, NonceIndices
from agents.roles.kernel_orders import LetInUpdates, RouteDirectly, SendBy
from agents.roles.role import MobilityPacket

from .bound_world import CARE_OF, CN, HOME
from .optimised_world import OptimisedWorld
from .two_link_world import WAY_S

EVIL = "2001:db8:a42::2"
FIRST = ["BU 300 H wifi", "BA 0 wifi", "HoTI wifi", "CoTI wifi", "HoT wifi", "CoT wifi", "BU 420 wifi", "BA 0 wifi"]


def at_rest() -> OptimisedWorld:
    """Registered over the WiFi, at home and at the correspondent."""
    world = OptimisedWorld()
    world.run(1.0)
    assert world.labels() == FIRST
    return world


def routes(world: OptimisedWorld, who: str) -> list[str | None]:
    """Where packets between both go straight to and from, one after the other; None: by the tunnel."""
    return [one.care_of for one in world.orders(who) if isinstance(one, RouteDirectly)]


def say(message: MobilityMessage, source: str, destination: str = CN, *, home: str = "", key: bytes = b"",
        care_of: str = "") -> MobilityPacket:  # fmt: skip
    """A message as somebody may make it."""
    sign = (lambda covered: binding_authenticator(key, care_of or source, CN, covered)) if key else None
    data = packed(message, MessageEnds(home or source, destination), sign)
    return MobilityPacket(source, destination, data, source_home=home)


def answered(world: OptimisedWorld) -> MobilityMessage:
    """What was said last."""
    return parsed(world.packets[-1].message, None).message


def test_both_addresses_are_tested_before_the_correspondent_is_told() -> None:
    world = at_rest()
    assert routes(world, "mn") == [CARE_OF["wifi"]]
    assert world.orders("cn") == [LetInUpdates(CN), RouteDirectly(HOME, CN, CARE_OF["wifi"], is_mobile=False)]
    assert [one["care_of"] for one in world.told("route_optimised")] == [CARE_OF["wifi"]]
    tested = [one.source for one in world.packets[2:4]]
    assert tested == [HOME, CARE_OF["wifi"]]
    assert world.packets[6].source_home == world.packets[7].destination_home == HOME


def test_a_handover_tests_the_new_address_while_the_home_agent_is_asked() -> None:
    world = at_rest()
    world.signal()
    world.run(5.0)
    assert world.labels()[8:] == [
        "BU 300 H umts", "HoTI wifi", "CoTI umts", "HoT wifi", "BA 0 umts", "CoT umts", "BU 420 umts", "BA 0 umts",
    ]  # fmt: skip
    bound_at = next(at for at, who, one in world.commands if who == "cn" and at > 1 and isinstance(one, RouteDirectly))
    assert bound_at == pytest.approx(1.0 + 3 * WAY_S["umts"])
    assert routes(world, "cn") == [CARE_OF["wifi"], CARE_OF["umts"]]


def test_what_is_sent_takes_the_tunnel_until_the_correspondent_has_said_yes() -> None:
    world = at_rest()
    world.signal()
    world.run(5.0)
    assert routes(world, "mn") == [CARE_OF["wifi"], None, CARE_OF["umts"]]
    said = [(at, one) for at, who, one in world.commands if who == "mn" and at > 1.0]
    sends = next(at for at, one in said if one == SendBy(HOME, "mip-umts"))
    tunnel, direct = (at for at, one in said if isinstance(one, RouteDirectly))
    assert [sends, tunnel, direct] == pytest.approx([1.22, 1.22, 1.0 + 4 * WAY_S["umts"]])


def test_where_the_old_link_is_gone_the_home_address_is_tested_by_the_new_tunnel() -> None:
    world = at_rest()
    world.link("wifi", is_up=False)
    world.run(5.0)
    assert world.labels()[8:] == [
        "BU 300 H umts", "HoTI wifi", "CoTI umts", "BA 0 umts", "CoT umts", "HoTI umts", "HoT umts", "BU 420 umts",
        "BA 0 umts",
    ]  # fmt: skip
    bound_at = next(at for at, who, one in world.commands if who == "cn" and at > 1 and isinstance(one, RouteDirectly))
    assert bound_at == pytest.approx(1.0 + 5 * WAY_S["umts"])


@pytest.mark.parametrize(
    ("lost", "from_s"), [("HoTI", 1.0), ("HoT", 1.0), ("CoTI", 1.0), ("CoT", 1.0), ("BU 420", 1.2), ("BA 0", 1.25)]
)
def test_whatever_is_lost_is_asked_again_after_a_second(lost: str, from_s: float) -> None:
    """11.8: tests with another cookie, updates with another number."""
    world = at_rest()
    if from_s > 1.0:  # what the home agent is asked and answers is over by then
        world.signal()
        world.run(from_s)
    world.lost = {lost}
    world.signal()
    world.run(6.0)
    assert world.told("route_optimised")[-1]["care_of"] == CARE_OF["umts"]
    kind = {"HoT": "HoTI", "CoT": "CoTI", "BA 0": "BU 420"}.get(lost, lost)
    asked = [one for (at, label, _), one in zip(world.sent, world.packets, strict=True) if label == kind and at >= 1.0]
    assert len(asked) >= 2
    assert len({one.message for one in asked}) == len(asked)


def test_a_new_address_that_dies_meanwhile_is_tested_anew_when_it_is_back() -> None:
    world = at_rest()
    world.signal()
    world.run(1.1)
    world.link("umts", is_up=False)
    world.run(3.0)
    assert routes(world, "mn") == [CARE_OF["wifi"]]  # the old one still is where it was
    world.link("umts", is_up=True)
    world.run(6.0)
    assert routes(world, "cn")[-1] == CARE_OF["umts"]
    assert world.told("handover_done") == [{"link": "umts"}]


def test_a_binding_is_renewed_before_it_is_over() -> None:
    world = at_rest()
    world.run(1300.0)
    assert world.told("binding_expired") == []
    asked = [at for at, label, _ in world.sent if label == "BU 420"]
    assert [round(after - before) for before, after in pairwise(asked)] == [315] * (len(asked) - 1)
    assert len(asked) == 5


def test_a_binding_that_nobody_renews_ends() -> None:
    world = at_rest()
    for link in CARE_OF:
        world.link(link, is_up=False)
    world.run(500.0)
    assert world.told("binding_expired", "cn") == [{"home": HOME, "care_of": CARE_OF["wifi"]}]
    assert routes(world, "cn")[-1] is None


def test_a_correspondent_that_has_forgotten_its_nonces_is_asked_anew() -> None:
    """9.5.1, 9.5.4: status 138, without a signature."""
    world = at_rest()
    world.signal()
    world.run(1.3)
    world.restart_correspondent()
    world.run(5.0)
    assert "BA 138 umts" in world.labels()
    assert routes(world, "cn")[-1] == CARE_OF["umts"]


@pytest.mark.parametrize("message", [BindingRefreshRequest(), BindingError(1, bytes(16))])
def test_who_wants_to_hear_it_again_is_told(message: MobilityMessage) -> None:
    """11.7.4, 11.3.6; in between packets take the tunnel where the binding is lost."""
    world = at_rest()
    world.hand("mn", say(message, CN, HOME))
    world.run(2.0)
    assert world.labels()[-1] == "BA 0 wifi"
    is_error = isinstance(message, BindingError)
    assert routes(world, "mn") == [CARE_OF["wifi"], *([None] if is_error else []), CARE_OF["wifi"]]


def test_who_knows_no_mobility_headers_is_left_alone() -> None:
    world = OptimisedWorld()
    world.correspondent.receive_report = lambda *_, **__: None  # type: ignore[method-assign]
    world.run(0.5)
    world.hand("mn", say(BindingError(2, bytes(16)), CN, HOME))
    world.run(100.0)
    world.signal()
    world.run(200.0)
    assert world.labels().count("CoTI wifi") == 1
    assert world.told("handover_done") == [{"link": "umts"}]
    assert routes(world, "mn") == []


def test_tests_are_believed_only_where_they_were_asked_for() -> None:
    """11.6.2: by their cookies, and a home test only by a tunnel."""
    world = at_rest()
    world.signal()
    world.run(1.0)
    cookies = {
        type(one): one.cookie
        for one in (parsed(packet.message, None).message for packet in world.packets[8:])
        if isinstance(one, HomeTestInit | CareOfTestInit)
    }
    token = bytes(8)
    by_air = say(HomeTest(1, cookies[HomeTestInit], token), CN, HOME)._replace(interface="mn-wifi")
    world.hand("mn", by_air)
    world.hand("mn", say(HomeTest(1, token, token), CN, HOME)._replace(interface="mip-wifi"))
    world.hand("mn", say(CareOfTest(1, token, token), CN, CARE_OF["umts"]))
    world.hand("mn", say(CareOfTest(1, cookies[CareOfTestInit], token), CN, CARE_OF["wifi"]))
    reasons = [one["reason"] for one in world.told("discarded", "mn")]
    assert reasons == [*["a home test that nobody asked for"] * 2, *["a care-of test that nobody asked for"] * 2]


def test_an_acknowledgement_without_the_key_moves_nothing() -> None:
    world = at_rest()
    world.signal()
    world.run(1.3)
    sent = parsed(world.packets[-1].message, None).message
    assert isinstance(sent, BindingUpdate)
    for options in ((), (BindingAuthorization(),)):
        forged = packed(BindingAcknowledgement(0, 0, sent.sequence, 105, options), MessageEnds(CN, HOME))
        world.hand("mn", MobilityPacket(CN, CARE_OF["umts"], forged, destination_home=HOME))
    assert routes(world, "mn") == [CARE_OF["wifi"], None]
    assert [one["reason"] for one in world.told("discarded", "mn")] == ["not signed by the correspondent"] * 2


# -- the correspondent, and who would like to have somebody else's packets --------------------------------------------


def tokens(world: OptimisedWorld, home: str = HOME, care_of: str = EVIL) -> tuple[HomeTest, CareOfTest]:
    """What who gets packets for both addresses learns."""
    found = []
    for message, source in ((HomeTestInit(bytes(8)), home), (CareOfTestInit(bytes(8)), care_of)):
        world.hand("cn", say(message, source))
        found.append(answered(world))
    home_test, care_of_test = found
    assert isinstance(home_test, HomeTest)
    assert isinstance(care_of_test, CareOfTest)
    return home_test, care_of_test


def update(home_test: HomeTest, care_of_test: CareOfTest, *, sequence: int = 0x100, units: int = 105,
           flags: UpdateFlag = UpdateFlag.ACKNOWLEDGE, key: bytes | None = None, home: str = HOME,
           care_of: str = EVIL, options: tuple[MobilityOption, ...] | None = None) -> MobilityPacket:  # fmt: skip
    made = binding_key(home_test.token, care_of_test.token if units else b"") if key is None else key
    indices = NonceIndices(home_test.nonce_index, care_of_test.nonce_index)
    usual = (indices, BindingAuthorization()) if options is None else options
    signs = made if usual and isinstance(usual[-1], BindingAuthorization) else b""
    return say(BindingUpdate(sequence, flags, units, usual), care_of, home=home, key=signs)


def test_who_has_one_token_alone_binds_nothing() -> None:
    """Who sees only packets for the care-of address, which is his own, can't have somebody else's home."""
    world = OptimisedWorld()
    home_test, care_of_test = tokens(world)
    for key in (
        binding_key(care_of_test.token), binding_key(bytes(8), care_of_test.token),
        binding_key(home_test.token), bytes(20),
    ):  # fmt: skip
        world.hand("cn", update(home_test, care_of_test, key=key))
    assert [one["reason"] for one in world.told("discarded", "cn")] == ["the wrong key"] * 4
    other = update(home_test, care_of_test, care_of="2001:db8:a43::2")  # tokens are for one address
    world.hand("cn", other)
    assert routes(world, "cn") == []
    world.hand("cn", update(home_test, care_of_test))  # and with both it is so
    assert routes(world, "cn") == [EVIL]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, BindingStatus.ACCEPTED),
        ({"units": 0}, BindingStatus.ACCEPTED),
        ({"flags": UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION}, BindingStatus.NO_HOME_REGISTRATION),
        ({"home_nonce": 1}, BindingStatus.EXPIRED_HOME_NONCE),
        ({"care_of_nonce": 1}, BindingStatus.EXPIRED_CARE_OF_NONCE),
        ({"home_nonce": 1, "care_of_nonce": 1}, BindingStatus.EXPIRED_NONCES),
        ({"units": 0, "care_of_nonce": 1}, BindingStatus.ACCEPTED),  # it does not count at an end
        ({"options": ()}, None),
        ({"options": (BindingAuthorization(),)}, None),
        ({"options": (NonceIndices(0, 0),)}, None),
    ],
)
def test_what_an_update_is_answered(change: dict[str, int], status: BindingStatus | None) -> None:
    world = OptimisedWorld()
    home_test, care_of_test = tokens(world)
    off_home, off_care_of = change.pop("home_nonce", 0), change.pop("care_of_nonce", 0)
    home_test = HomeTest((home_test.nonce_index + off_home) % 65536, home_test.cookie, home_test.token)
    index = (care_of_test.nonce_index + off_care_of) % 65536
    care_of_test = CareOfTest(index, care_of_test.cookie, care_of_test.token)
    before = len(world.sent)
    world.hand("cn", update(home_test, care_of_test, **change))  # type: ignore[arg-type]
    said = answered(world)
    if status is None:
        assert len(world.sent) == before
    else:
        assert isinstance(said, BindingAcknowledgement)
        assert said.status == status


def test_an_update_that_was_sent_once_binds_nothing_again() -> None:
    """9.5.1, 9.5.3: not after a newer one, and not after an end either."""
    world = OptimisedWorld()
    both = tokens(world)
    first = update(*both, sequence=10)
    world.hand("cn", first)
    world.hand("cn", update(*both, sequence=11, units=0))
    assert routes(world, "cn") == [EVIL, None]
    world.hand("cn", first)
    said = answered(world)
    assert isinstance(said, BindingAcknowledgement)
    assert (said.status, said.sequence) == (BindingStatus.SEQUENCE_OUT_OF_WINDOW, 11)
    assert routes(world, "cn") == [EVIL, None]


def test_tokens_are_good_for_four_minutes() -> None:
    """12, MAX_NONCE_LIFETIME."""
    world = OptimisedWorld()
    both = tokens(world)
    world.run(239.0)
    world.hand("cn", update(*both, sequence=10))
    assert routes(world, "cn")[-1] == EVIL
    world.run(241.0)
    world.hand("cn", update(*both, sequence=11))
    said = answered(world)
    assert isinstance(said, BindingAcknowledgement)
    assert said.status == BindingStatus.EXPIRED_NONCES


def test_a_test_with_a_home_address_beside_it_is_not_answered() -> None:
    """9.4.1, 9.4.2."""
    world = OptimisedWorld()
    before = len(world.sent)
    world.hand("cn", say(HomeTestInit(bytes(8)), EVIL, home=HOME))
    assert len(world.sent) == before
    world.hand("cn", MobilityPacket(EVIL, CN, b"\x3b\x01\x63\x00" + bytes(12)))
    assert world.told("discarded", "cn")[-1]["reason"] == "the checksum is wrong"
