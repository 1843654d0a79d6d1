"""Handovers by a route: what the mobile node's system has its kernel do, and when; nothing is sent for it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Deliver, Greet, Intercept, OwnAddress, RouteLike, SetWireguard
from agents.roles.mobility.on_one_link import RouteMove
from agents.roles.mobility.tunnels.roaming import INTERFACE, WIREGUARD_PORT, RoamingSystem
from agents.roles.mobility.tunnels.tunnel_home import TunnelHome
from agents.roles.role import Attach
from agents.sip.message.address import Address

from .moving_world import AGENT, CARE_OF, HOME
from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

PRIVATE, PEER = "11" * 32, "22" * 32
FAR = Address(AGENT, WIREGUARD_PORT)


class RoamingWorld(TwoLinkWorld):
    """A system alone."""

    def __init__(self, trigger: dict[str, Any] | None = None) -> None:
        super().__init__(CARE_OF)
        about = {"home_address": HOME, "home_agent": AGENT, "private_key": PRIVATE, "peer": PEER}
        self.system = RoamingSystem({**about_links(CARE_OF, trigger), **about}, Random(1))

    def roles(self) -> dict[str, Role]:
        return {"mn": self.system}


def over(link: str) -> list[Command]:
    return [RouteLike(FAR, CARE_OF[link]), Greet(INTERFACE, bytes.fromhex(PEER))]


def at_rest(*links: str, trigger: dict[str, Any] | None = None) -> RoamingWorld:
    world = RoamingWorld(trigger)
    for name in links or CARE_OF:
        world.link(name, is_up=True)
    world.system.start(now=1.0)
    world.run(2.0)
    return world


def test_nothing_is_said_before_the_run_begins() -> None:
    """The far end may not be there yet."""
    world = at_rest()
    assert world.orders() == [
        SetWireguard(INTERFACE, bytes.fromhex(PRIVATE), WIREGUARD_PORT, bytes.fromhex(PEER), FAR),
        OwnAddress(HOME, INTERFACE),
        *over("wifi"),
    ]
    assert [at for at, _, one in world.commands if isinstance(one, Greet)] == [1.0]


def test_a_handover_is_a_route_and_a_word_at_once() -> None:
    world = at_rest()
    world.signal()
    assert world.orders()[-2:] == over("umts")
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "signal", "signal_dbm": -70.0}]
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.system.datagrams_to_send() == []


def test_a_link_that_is_not_there_is_waited_for() -> None:
    world = at_rest("wifi")
    world.signal()
    assert world.commands[-1][2] == Attach("umts")
    assert world.system.state == RouteMove.WAITING
    assert world.told("handover_done") == []
    world.link("umts", is_up=True)
    assert world.orders()[-2:] == over("umts")


def test_a_first_link_that_comes_late_is_taken_when_it_comes() -> None:
    world = at_rest("umts")
    assert world.orders()[-1] == OwnAddress(HOME, INTERFACE)
    world.link("wifi", is_up=True)
    assert world.orders()[-2:] == over("wifi")


def test_a_link_that_breaks_is_left_when_its_trigger_says_so_and_not_before() -> None:
    world = at_rest(trigger={"on": "link-down"})
    world.link("wifi", is_up=False)
    assert world.orders()[-2:] == over("umts")
    world.link("wifi", is_up=True)
    assert world.orders()[-2:] == over("umts")


def test_the_home_end_takes_the_packets_and_lets_the_kernel_find_the_peer() -> None:
    about = {"homes": {HOME: {"private_key": PRIVATE, "peer": PEER}}, "interface": "home-eth0", "address": AGENT}
    home, orders = TunnelHome(about, Random(1)), []
    while (command := home.next_command()) is not None:
        orders.append(command)
    assert orders == [
        SetWireguard("home-wg", bytes.fromhex(PRIVATE), WIREGUARD_PORT, bytes.fromhex(PEER), None),
        Intercept(HOME, "home-eth0"),
        Deliver(HOME, ("home-wg",)),
    ]
