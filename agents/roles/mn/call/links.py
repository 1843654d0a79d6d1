"""The mobile node's links, as the kernel and the radios tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.sip.message.address import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.roles.role import LinkChange

SIP_PORT = 5060


#: An INVITE with credentials, and its answer, with what is around them; and how much later an answer may come than it
#: would on an empty link, whose delay does not vary.
LARGEST_REQUEST_BITS, LARGEST_ANSWER_BITS = 8 * 1300, 8 * 800
PATIENCE = 1.25


def round_trip_s(network: Mapping[str, Any]) -> float:
    """How long an INVITE over a link takes to be answered, by what is known of its network; 0.0 where nothing is."""
    delay_s = network.get("delay_s", 0.0)
    for bits, rate in ((LARGEST_REQUEST_BITS, "up_bit_s"), (LARGEST_ANSWER_BITS, "down_bit_s")):
        if network.get(rate):
            delay_s += bits / network[rate]
    return float(PATIENCE * delay_s)


class Link:
    """One way into the network. It can be used when it has a carrier and its address."""

    def __init__(self, name: str, interface: str, address: str) -> None:
        self.name = name
        self.interface = interface
        self.address = address
        self.is_up = False
        self.has_address = False
        self.is_attaching = False

    @property
    def is_usable(self) -> bool:
        """Whether packets can leave by it."""
        return self.is_up and self.has_address

    @property
    def sip_address(self) -> Address:
        """Where we speak SIP on it."""
        return Address(self.address, SIP_PORT)


class Links:
    """All links, by name and by interface."""

    def __init__(self, config: dict[str, dict[str, str]]) -> None:
        self._links = {name: Link(name, about["interface"], about["address"]) for name, about in config.items()}

    def __getitem__(self, name: str) -> Link:
        return self._links[name]

    def of_interface(self, interface: str) -> Link | None:
        """The link of an interface; None for the others that a node has."""
        return next((link for link in self._links.values() if link.interface == interface), None)

    def apply(self, change: LinkChange) -> tuple[Link, list[tuple[str, dict[str, Any]]]] | None:
        """Takes in the kernel's news; returns the link and what is new of it, as events for the log."""
        link = self.of_interface(change.interface)
        if link is None:
            return None
        news: list[tuple[str, dict[str, Any]]] = []
        if link.is_up != change.is_up:
            link.is_up = change.is_up
            news.append(("link_up" if change.is_up else "link_down", {"link": link.name}))
        has_address = change.is_routed and link.address in change.addresses
        if link.has_address != has_address:
            link.has_address = has_address
            if has_address:
                news.append(("address", {"link": link.name, "address": link.address}))
        if link.is_usable:
            link.is_attaching = False
        return link, news
