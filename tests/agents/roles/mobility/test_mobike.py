"""Handovers that an IKE daemon does when a route changes: what the mobile node's system has its kernel do, and when."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import Deliver, Intercept, OwnAddress, RouteTo, SetLogical
from agents.roles.mobility.tunnels.ike import DISCARD_PORT, INTERFACE, DaemonsHome, MobikeSystem
from agents.roles.role import Attach, Open
from agents.sip.message.address import Address, Datagram

from .moving_world import AGENT, CARE_OF, HOME
from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Role

HERE = Address(HOME, DISCARD_PORT)


class MobikeWorld(TwoLinkWorld):
    """A system alone: the daemon sees its routes, and is no part of it."""

    def __init__(self, trigger: dict[str, Any] | None = None) -> None:
        super().__init__(CARE_OF)
        about = {"home_address": HOME, "home_agent": AGENT}
        self.system = MobikeSystem({**about_links(CARE_OF, trigger), **about}, Random(1))

    def roles(self) -> dict[str, Role]:
        return {"mn": self.system}


def at_rest(*links: str, trigger: dict[str, Any] | None = None) -> MobikeWorld:
    world = MobikeWorld(trigger)
    for name in links or CARE_OF:
        world.link(name, is_up=True)
    world.system.start(now=1.0)
    world.run(2.0)
    world.system.datagrams_to_send()
    return world


def test_the_address_is_there_at_once_and_the_tunnel_is_asked_for_when_the_run_begins() -> None:
    """By a datagram that means nothing: the daemon makes a tunnel when a packet wants one."""
    world = MobikeWorld()
    for name in CARE_OF:
        world.link(name, is_up=True)
    assert world.orders() == [SetLogical(INTERFACE), OwnAddress(HOME, INTERFACE)]
    assert world.system.datagrams_to_send() == []
    world.system.start(now=1.0)
    world.run(2.0)
    assert world.system.datagrams_to_send() == [Datagram(HERE, Address(AGENT, DISCARD_PORT), b"")]
    assert world.orders()[-1] == RouteTo(AGENT, CARE_OF["wifi"])
    assert Open(HERE) in [one for _, _, one in world.commands]


def test_a_handover_is_a_route_and_no_word_of_ours() -> None:
    world = at_rest()
    world.signal()
    assert world.orders()[-1] == RouteTo(AGENT, CARE_OF["umts"])
    assert world.told("handover_done") == [{"link": "umts"}]
    assert world.system.datagrams_to_send() == []


def test_a_link_that_is_not_there_is_waited_for() -> None:
    world = at_rest("wifi")
    world.signal()
    assert world.commands[-1][2] == Attach("umts")
    assert world.orders()[-1] == RouteTo(AGENT, CARE_OF["wifi"])
    world.link("umts", is_up=True)
    assert world.orders()[-1] == RouteTo(AGENT, CARE_OF["umts"])


def test_the_home_end_takes_the_packets_for_the_daemons_tunnel() -> None:
    """They get a way of their own: who sends on where a packet came from answers nobody's ARP for it."""
    home, orders = DaemonsHome({"homes": {HOME: {}}, "interface": "home-eth0", "address": AGENT}, Random(1)), []
    while (command := home.next_command()) is not None:
        orders.append(command)
    assert orders == [SetLogical("home-ike"), Intercept(HOME, "home-eth0"), Deliver(HOME, ("home-ike",))]
