"""The kernel's news of interfaces, carrier, addresses and default routes: netlink, read by pyroute2.

An address alone is no sign that a link can be used: it is told of before the kernel accepts it in `bind`, and well
before there is a way out. A default route is.

The socket is a plain one, because our loop waits for several at once: pyroute2's own sockets read ahead.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute
from pyroute2.netlink import rtnl
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from agents.roles.role import LinkChange

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_NEWS = 65536
# include/uapi/linux/if.h, if_addr.h, rtnetlink.h
IFF_UP, IFF_LOWER_UP = 0x1, 0x10000
IFA_F_NODAD, IFA_F_OPTIMISTIC, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x02, 0x04, 0x08, 0x40
RTPROT_RA = 9


class KernelLinks:
    """Follows every interface of this namespace."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.setblocking(False)
        # Heard before asked, so that nothing is missed in between; what is told twice changes nothing.
        addresses = rtnl.RTMGRP_IPV4_IFADDR | rtnl.RTMGRP_IPV6_IFADDR
        self._socket.bind((0, rtnl.RTMGRP_LINK | addresses | rtnl.RTMGRP_IPV4_ROUTE | rtnl.RTMGRP_IPV6_ROUTE))
        self._marshal = MarshalRtnl()
        self._names: dict[int, str] = {}
        self._up: dict[int, bool] = {}
        self._addresses: dict[int, set[str]] = {}
        self._routed: set[int] = set()
        self._ask()

    def fileno(self) -> int:
        """The descriptor to wait on for news."""
        return self._socket.fileno()

    def present(self) -> list[LinkChange]:
        """All interfaces as they are."""
        return [self._state(index) for index in self._names]

    def news(self) -> Iterator[LinkChange]:
        """What has changed since the last call."""
        while True:
            try:
                data = self._socket.recv(LARGEST_NEWS)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                # More news than there was room for: some of it is lost (netlink(7)), and what is left is old.
                self._skip()
                self._ask()
                yield from self.present()
                continue
            for message in self._marshal.parse(data):
                index = self._apply(message)
                if may_take_routes_away(message):
                    with IPRoute() as netlink:
                        self._ask_for_routes(netlink)
                if index in self._names:
                    yield self._state(index)

    def _skip(self) -> None:
        while True:
            try:
                self._socket.recv(LARGEST_NEWS)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise

    def _ask(self) -> None:
        self._up.clear()
        self._addresses.clear()
        with IPRoute() as netlink:
            for message in (*netlink.get_links(), *netlink.get_addr()):
                self._apply(message)
            self._ask_for_routes(netlink)

    def _ask_for_routes(self, netlink: Any) -> None:  # noqa: ANN401 - pyroute2 has no types
        default = (route for route in netlink.get_routes() if is_way_out(route))
        self._routed = {int(route.get_attr("RTA_OIF") or 0) for route in default}

    def _state(self, index: int) -> LinkChange:
        addresses = frozenset(self._addresses.get(index, ()))
        return LinkChange(self._names[index], self._up.get(index, False), addresses, index in self._routed)

    def _apply(self, message: Any) -> int | None:  # noqa: ANN401 - pyroute2 has no types
        """Takes in a message; returns the number of the interface that it is about."""
        event = message["event"]
        index: int | None = None
        if event in {"RTM_NEWLINK", "RTM_DELLINK"}:
            index = int(message["index"])
            self._names[index] = str(message.get_attr("IFLA_IFNAME"))
            # Administratively up, and with a carrier.
            self._up[index] = event == "RTM_NEWLINK" and bool(message["flags"] & IFF_LOWER_UP)
        elif event in {"RTM_NEWADDR", "RTM_DELADDR"}:
            index = int(message["index"])
            # On a point-to-point link IFA_ADDRESS is the other end's (rtnetlink(7)); IPv6 has no IFA_LOCAL.
            address = str(message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"))
            addresses = self._addresses.setdefault(index, set())
            is_ours = event == "RTM_NEWADDR" and is_accepted(message)
            (addresses.add if is_ours else addresses.discard)(address)
        elif event in {"RTM_NEWROUTE", "RTM_DELROUTE"} and is_way_out(message):
            index = int(message.get_attr("RTA_OIF") or 0)
            if event == "RTM_NEWROUTE":
                self._routed.add(index)
        return index


def is_accepted(message: Any) -> bool:  # noqa: ANN401 - pyroute2 has no types
    """Whether an address may be used: not before nobody else turned out to have it (RFC 4862 5.4); or see RFC 4429."""
    flags = int(message.get_attr("IFA_FLAGS") or 0)
    return bool(flags & IFA_F_OPTIMISTIC) or not flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)


def is_way_out(route: Any) -> bool:  # noqa: ANN401 - pyroute2 has no types
    """Whether it is a default route for the addresses of its interface.

    What the kernel makes of a router's advertisement is for any address, in the main table, beside those of other
    links. It is not one before whoever looks after the links has made one of it.
    """
    return bool(route["dst_len"] == 0 and route["proto"] != RTPROT_RA)


def may_take_routes_away(message: Any) -> bool:  # noqa: ANN401 - pyroute2 has no types
    """Of IPv4 routes that go with their interface or its address the kernel says nothing; and others may be left."""
    event = message["event"]
    if event == "RTM_NEWLINK":
        return not int(message["flags"]) & IFF_UP
    return event == "RTM_DELADDR" or bool(event == "RTM_DELROUTE" and is_way_out(message))
