"""The kernel's news of interfaces, carrier, addresses and default routes: netlink, read by pyroute2.

An address alone is no sign that a link can be used: it is told of before the kernel accepts it in `bind`, and well
before there is a way out. A default route is.

The socket is a plain one, because our loop waits for several at once: pyroute2's own sockets read ahead.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute
from pyroute2.netlink import rtnl
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from agents.role import LinkChange

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_NEWS = 65536


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
        self._routed: dict[int, bool] = {}
        with IPRoute() as netlink:
            for message in (*netlink.get_links(), *netlink.get_addr(), *netlink.get_routes()):
                self._apply(message)

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
            for message in self._marshal.parse(data):
                index = self._apply(message)
                if index in self._names:
                    yield self._state(index)

    def _state(self, index: int) -> LinkChange:
        addresses = frozenset(self._addresses.get(index, ()))
        return LinkChange(self._names[index], self._up.get(index, False), addresses, self._routed.get(index, False))

    def _apply(self, message: Any) -> int | None:  # noqa: ANN401 - pyroute2 has no types
        event = message["event"]
        if event in {"RTM_NEWLINK", "RTM_DELLINK"}:
            index = int(message["index"])
            self._names[index] = str(message.get_attr("IFLA_IFNAME"))
            self._up[index] = event == "RTM_NEWLINK" and bool(message.get_attr("IFLA_CARRIER"))
            return index
        if event in {"RTM_NEWADDR", "RTM_DELADDR"}:
            index = int(message["index"])
            addresses = self._addresses.setdefault(index, set())
            address = str(message.get_attr("IFA_ADDRESS"))
            (addresses.add if event == "RTM_NEWADDR" else addresses.discard)(address)
            return index
        if event in {"RTM_NEWROUTE", "RTM_DELROUTE"} and message["dst_len"] == 0:
            index = int(message.get_attr("RTA_OIF") or 0)
            self._routed[index] = event == "RTM_NEWROUTE"
            return index
        return None
