"""Mobile IPv6's extension headers in the kernel: which packets get them, and which of those that have them are taken.

Without a state for its address, and a policy that wants it, a packet with such a header is dropped without a word but
for /proc/net/xfrm_stat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.io.xfrm import (
    ANY,
    FIRST_PRIORITY,
    HOME_ADDRESS,
    IN,
    OUT,
    PRIORITY,
    ROUTING,
    HeaderState,
    Selector,
    XfrmNetlink,
)

if TYPE_CHECKING:
    from agents.roles.kernel_orders import LetInRouted, LetInUpdates, RouteDirectly

ANY_HOME = HeaderState(ANY, ANY, HOME_ADDRESS, ANY)
ANY_ROUTED = HeaderState(ANY, ANY, ROUTING, ANY)


class RouteOptimisation:
    """This namespace's. Raises OSError for what the kernel refuses."""

    def __init__(self) -> None:
        self._opened: XfrmNetlink | None = None

    @property
    def _xfrm(self) -> XfrmNetlink:
        if self._opened is None:
            self._opened = XfrmNetlink()
        return self._opened

    def let_in_updates(self, order: LetInUpdates) -> None:
        """Mobility headers alone: what else comes with a home address that is not bound has no policy, and is dropped.

        Their type can't be asked for: kernels from about 6.7 on do not tell it of what comes in.
        """
        self._xfrm.set_state(ANY_HOME)
        self._xfrm.set_policy(Selector(ANY, order.address, only_mobility=True), IN, ANY_HOME, FIRST_PRIORITY)

    def let_in_routed(self, order: LetInRouted) -> None:
        """Whatever comes so: the home address in it is our own, else the kernel does not take it."""
        self._xfrm.set_state(ANY_ROUTED)
        self._xfrm.set_policy(Selector(ANY, order.home), IN, ANY_ROUTED, PRIORITY)

    def route_directly(self, order: RouteDirectly) -> None:
        """States change, policies stay: a packet without a state takes the tunnel.

        Mobility headers are left alone both ways: tests of the home address have to go by the home agent (5.2.5).
        """
        home, other = order.home, order.correspondent
        ours, theirs = (home, other) if order.is_mobile else (other, home)
        with_home = HeaderState(home, other, HOME_ADDRESS, order.care_of or ANY)
        routed = HeaderState(other, home, ROUTING, order.care_of or ANY)
        states = (with_home,) if order.is_mobile else (with_home, routed)
        for state in states:
            if order.care_of is None:
                self._xfrm.no_state(state)
            else:
                self._xfrm.set_state(state)
        if order.care_of is not None:
            self._xfrm.set_policy(Selector(ours, theirs, only_mobility=True), OUT, None, FIRST_PRIORITY)
            self._xfrm.set_policy(Selector(ours, theirs), OUT, with_home if order.is_mobile else routed, PRIORITY)
        if order.care_of is not None and not order.is_mobile:
            self._xfrm.set_policy(Selector(theirs, ours), IN, with_home, PRIORITY)
