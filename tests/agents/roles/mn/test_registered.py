"""The registration beside a call: what it must not delay, and that every scheme's success renews it."""

from __future__ import annotations

import pytest

from agents.roles.mn.schemes import SCHEMES
from tests.agents.world import FALLING, LINK_DOWN, World

AOR = "sip:mn@home.example"
WIFI, UMTS = "sip:mn@10.0.1.1:5060", "sip:mn@10.0.2.1:5060"


def bound(world: World) -> list[str]:
    return [binding.contact.text for binding in world.registrar.bindings.of(AOR)]


def call_flow(world: World) -> list[str]:
    """The chart without what has to do with the registrar."""
    return [line for line in world.flow() if "registrar" not in line]


# Where its address is kept below it, a phone has nothing to renew.
@pytest.mark.parametrize("scheme", [name for name, row in SCHEMES.items() if not row.is_anchored])
def test_a_handover_renews_the_registration_whatever_the_scheme(scheme: str) -> None:
    """Paper 4.4: when it has succeeded, and not before."""
    world = World(scheme, trigger=FALLING, registrar="proactive", always_bridges=SCHEMES[scheme].always_bridges)
    world.run(3.0)
    assert bound(world) == [WIFI, UMTS]
    world.signal()
    world.run_until(lambda: bool(world.told("handover_done")))
    done = world.now
    assert len(world.told("registered")) == 2
    world.run(2.0)
    assert bound(world) == [UMTS, WIFI]
    since = [str(line) for line in world.sent if line.at >= done and "registrar" in str(line)]
    assert since == [
        "REGISTER mn.umts -> registrar",
        "200 REGISTER registrar -> mn.umts",
        "REGISTER mn.wifi -> registrar",
        "200 REGISTER registrar -> mn.wifi",
    ]
    assert [facts["if_no"] for facts in world.told("registered")] == [1, 2, 1, 2]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("registrar", ["proactive", "outbound"])
def test_the_call_is_the_same_as_without_a_registrar(scheme: str, registrar: str) -> None:
    """Same messages, same order; no credentials of the registrar's realm in them."""
    worlds = [World(scheme, registrar=one, always_bridges=SCHEMES[scheme].always_bridges) for one in (None, registrar)]
    for world in worlds:
        world.run(3.0)
        world.signal()
        world.run(5.0)
    assert call_flow(worlds[0]) == call_flow(worlds[1])
    in_call = [line for line in worlds[1].sent if "registrar" not in str(line) and line.message is not None]
    assert all("registrar.home.example" not in str(line.message.headers) for line in in_call if line.message)


def test_without_a_registrar_nothing_is_registered() -> None:
    world = World()
    world.run(3.0)
    assert [line for line in world.flow() if "REGISTER" in line] == []


def test_the_call_does_not_wait_for_the_registration() -> None:
    """No answer to REGISTER, and a handover all the same."""
    world = World("handover-cn", registrar="proactive")
    world.lose("REGISTER", times=-1)
    world.run(3.0)
    assert world.told("call_established") != []
    world.signal()
    world.run_to("DONE")


def test_the_call_goes_first_on_a_link_that_comes_late() -> None:
    world = World("reinvite", trigger=LINK_DOWN, is_wifi_attached=False, is_umts_attached=False, registrar="proactive")
    world.run(2.1)
    assert [line.label for line in world.sent][:2] == ["INVITE", "REGISTER"]


def test_break_before_make() -> None:
    """The new link carries the re-INVITE first; the old address goes with the new one's REGISTER."""
    world = World("reinvite", trigger=LINK_DOWN, is_umts_attached=False, registrar="proactive")
    world.run(3.0)
    world.cut("wifi", noticed_after=0.5)
    world.run(5.0)
    over_umts = [line.label for line in world.sent if line.sender == "mn.umts"]
    assert over_umts == ["INVITE", "ACK", "REGISTER"]
    assert bound(world) == [UMTS]


def test_a_handover_that_failed_changes_nothing() -> None:
    world = World("handover-cn", registrar="proactive", call_s=60.0)
    world.run(3.0)
    world.lose("INVITE", times=-1)
    world.signal()
    world.run_to("FAILED")
    world.run(10.0)
    assert bound(world) == [WIFI, UMTS]
    assert len(world.told("registered")) == 2


def test_an_ordinary_registrar_gets_one_address() -> None:
    world = World("handover-cn", registrar="plain")
    world.run(3.0)
    assert bound(world) == [WIFI]
    world.signal()
    world.run_to("DONE")
    world.run(1.0)
    assert bound(world) == [UMTS]
