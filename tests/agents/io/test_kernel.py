"""News of interfaces, from the kernel itself: in a network namespace of its own, with a cable whose ends are links."""

from __future__ import annotations

import select
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from agents.io.kernel import IFA_F_DADFAILED, IFA_F_NODAD, IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, KernelLinks, is_accepted
from tests.agents.io.namespace import in_a_namespace
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from agents.roles.role import LinkChange

NONE: list[str] = []


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


class Follower:
    """Does something to `wifi`, and waits until the last news of it says so: [carrier, addresses, route]."""

    def __init__(self, *commands: str) -> None:
        ip("link add wifi type veth peer name air")
        for command in commands:
            ip(command)
        self.links = KernelLinks()
        self.seen: list[Any] = [self.brief(change) for change in self.links.present() if change.interface == "wifi"]

    @staticmethod
    def brief(change: LinkChange) -> list[Any]:
        addresses = sorted(address for address in change.addresses if ":" not in address)
        return [change.is_up, addresses, change.is_routed]

    def do(self, command: str, expected: list[Any]) -> None:
        """`expected` only tells when to stop waiting; what was seen is judged by the test."""
        ip(command)
        last = self.seen[-1]
        while last != expected and select.select([self.links], [], [], PATIENCE_S)[0]:
            for change in self.links.news():
                if change.interface == "wifi":
                    last = self.brief(change)
        self.seen.append(last)


def coming_up() -> list[Any]:
    follower = Follower()
    follower.do("link set wifi up", [False, [], False])
    follower.do("link set air up", [True, [], False])
    follower.do("address add 10.0.1.1/24 dev wifi", [True, ["10.0.1.1"], False])
    follower.do("route add default via 10.0.1.2 dev wifi", [True, ["10.0.1.1"], True])
    return follower.seen


def test_carrier_then_address_then_route() -> None:
    assert in_a_namespace(coming_up) == [
        [False, [], False], [False, [], False], [True, [], False], [True, ["10.0.1.1"], False],
        [True, ["10.0.1.1"], True],
    ]  # fmt: skip


def losing_the_carrier() -> list[Any]:
    follower = Follower(
        "link set wifi up", "link set air up", "address add 10.0.1.1/24 dev wifi",
        "route add default via 10.0.1.2 dev wifi table 101",
    )  # fmt: skip
    follower.do("link set air down", [False, ["10.0.1.1"], True])
    follower.do("link set air up", [True, ["10.0.1.1"], True])
    return follower.seen


def test_a_lost_carrier_leaves_address_and_route() -> None:
    """As with a radio that is out of reach. What was there before we looked is known; the table does not matter."""
    up = [True, ["10.0.1.1"], True]
    assert in_a_namespace(losing_the_carrier) == [up, [False, ["10.0.1.1"], True], up]


def losing_routes() -> list[Any]:
    follower = Follower(
        "link set wifi up", "link set air up", "address add 10.0.1.1/24 dev wifi",
        "route add default via 10.0.1.2 dev wifi",
    )  # fmt: skip
    follower.do("link set wifi down", [False, ["10.0.1.1"], False])
    follower.do("link set wifi up", [True, ["10.0.1.1"], False])
    follower.do("route add default via 10.0.1.2 dev wifi", [True, ["10.0.1.1"], True])
    follower.do("address del 10.0.1.1/24 dev wifi", [True, NONE, False])
    follower.do("address add 10.0.1.1/24 dev wifi", [True, ["10.0.1.1"], False])
    return follower.seen


def test_routes_that_go_with_an_interface_or_an_address_are_not_believed_any_more() -> None:
    """The kernel says nothing of them (IPv4). A link must not count as usable before it has got its route again."""
    up, unrouted = [True, ["10.0.1.1"], True], [True, ["10.0.1.1"], False]
    assert in_a_namespace(losing_routes) == [
        up, [False, ["10.0.1.1"], False], unrouted, up, [True, [], False], unrouted,
    ]  # fmt: skip


def two_routes() -> list[Any]:
    follower = Follower(
        "link set wifi up", "link set air up", "address add 10.0.1.1/24 dev wifi",
        "route add default via 10.0.1.2 dev wifi", "route add default via 10.0.1.2 dev wifi table 101",
    )  # fmt: skip
    follower.do("route del default table 101", [True, ["10.0.1.1"], True])
    ip("route del default")
    follower.do("link set wifi alias last", [True, ["10.0.1.1"], False])
    return follower.seen


def test_one_route_of_two_is_enough() -> None:
    up = [True, ["10.0.1.1"], True]
    assert in_a_namespace(two_routes) == [up, up, [True, ["10.0.1.1"], False]]


def point_to_point() -> list[Any]:
    follower = Follower("link set wifi up", "link set air up")
    follower.do("address add 10.0.2.1 peer 10.0.2.2/32 dev wifi", [True, ["10.0.2.1"], False])
    return follower.seen


def test_on_a_point_to_point_link_our_own_address_counts() -> None:
    """As on a modem's; rtnetlink(7): IFA_ADDRESS is the other end's there, IFA_LOCAL ours."""
    assert in_a_namespace(point_to_point)[-1] == [True, ["10.0.2.1"], False]


def too_much_news() -> list[Any]:
    follower = Follower("link set wifi up", "link set air up")
    lines = [f"address {verb} 10.0.3.{n}/32 dev wifi" for n in range(1, 255) for verb in ("add", "del", "add", "del")]
    for _ in range(4):
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines).encode(), check=True)
    follower.do("address add 10.0.1.1/24 dev wifi", [True, ["10.0.1.1"], False])
    return follower.seen


def test_more_news_than_there_is_room_for() -> None:
    """netlink(7): then some of it is lost, and one has to ask."""
    assert in_a_namespace(too_much_news)[-1] == [True, ["10.0.1.1"], False]


def removing_the_interface() -> list[Any]:
    follower = Follower("link set wifi up", "link set air up", "address add 10.0.1.1/24 dev wifi")
    follower.do("link del wifi", [False, NONE, False])
    return follower.seen


def test_an_interface_that_is_no_more() -> None:
    """A USB modem that is pulled out."""
    assert in_a_namespace(removing_the_interface)[-1] == [False, [], False]


class Follower6(Follower):
    """The same for the addresses of IPv6 that are no link-local ones."""

    @staticmethod
    def brief(change: LinkChange) -> list[Any]:
        addresses = sorted(address for address in change.addresses if address.startswith("2001:"))
        return [change.is_up, addresses, change.is_routed]


OURS, ROUTE = "2001:db8::1", "route add default via 2001:db8::2 dev wifi"


def detecting_duplicates() -> list[Any]:
    follower = Follower6("link set wifi up", "link set air up")
    ip(f"address add {OURS}/64 dev wifi")
    ip(f"-6 {ROUTE} table 101")
    time.sleep(0.2)
    seen = [follower.brief(change) for change in follower.links.news() if change.interface == "wifi"][-1]
    follower.do("link set wifi alias waiting", [True, [OURS], True])
    return [seen, follower.seen[-1]]


def test_an_address_counts_when_nobody_else_turned_out_to_have_it() -> None:
    """RFC 4862 5.4: before, it is tentative, and can't be bound to."""
    assert in_a_namespace(detecting_duplicates) == [[True, NONE, True], [True, [OURS], True]]


@pytest.mark.parametrize(
    ("flags", "accepted"),
    [
        (0, True),
        (IFA_F_NODAD, True),
        (IFA_F_TENTATIVE, False),
        (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, True),
        (IFA_F_TENTATIVE | IFA_F_DADFAILED, False),
    ],
)
def test_an_optimistic_address_counts_at_once(flags: int, *, accepted: bool) -> None:
    """RFC 4429; not every kernel knows it, so this is its message alone."""
    message = ifaddrmsg()
    message["attrs"] = [("IFA_FLAGS", flags)]
    assert is_accepted(message) == accepted


def advertised() -> list[Any]:
    follower = Follower6("link set wifi up", "link set air up", f"address add {OURS}/64 dev wifi nodad")
    ip(f"-6 {ROUTE} proto ra")
    follower.do("link set wifi alias advertised", [True, [OURS], False])
    follower.do(f"-6 {ROUTE} table 101", [True, [OURS], True])
    return follower.seen[1:]


def test_an_advertised_route_is_no_way_out_yet() -> None:
    """It stands in the main table, for whatever address; who looks after the links makes one by source of it."""
    assert in_a_namespace(advertised) == [[True, [OURS], False], [True, [OURS], True]]
