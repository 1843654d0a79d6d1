"""Who is bound where, at a home agent, and the tunnels of its kernel that follow from it, whatever the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.roles.kernel_orders import Deliver, DropTunnel, Intercept, OnlyFrom, SetTunnel
from agents.roles.role import Tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.roles.role import Command


class Bound(NamedTuple):
    """A care-of address's tunnel, the number of the request that bound it, and when it is over; None: never."""

    tunnel: str
    number: int
    ends: float | None


class CareOfTunnels:
    """Bindings of these home addresses, with a tunnel to each care-of address; what they want is in `commands`."""

    def __init__(self, address: str, interface: str | None, homes: Iterable[str]) -> None:
        """`address` is the home agent's own, `interface` that on the home network; None: it gets all packets anyway."""
        self._address, self._interface = address, interface
        self._bound: dict[str, dict[str, Bound]] = {home: {} for home in homes}
        self._made = 0
        self.commands: list[Command] = []

    def bound(self, home: str) -> dict[str, Bound]:
        """Where a home address is bound, by care-of address."""
        return self._bound[home]

    def bind(self, home: str, care_of: str, number: int, ends: float | None, *, keeps_others: bool) -> None:
        """Binds an address: the new tunnel is there before an old one goes."""
        bound, before = self._bound[home], dict(self._bound[home])
        known = bound.get(care_of)
        tunnel = known.tunnel if known is not None else self._new_tunnel(home, care_of)
        bound[care_of] = Bound(tunnel, number, ends)
        for one in [] if keeps_others else [one for one in bound if one != care_of]:
            del bound[one]
        if not before and self._interface is not None:
            self.commands.append(Intercept(home, self._interface))
        self._deliver(home, before)

    def release(self, home: str, care_of: str | None) -> None:
        """Binds an address no longer; None: all of them."""
        bound, before = self._bound[home], dict(self._bound[home])
        for one in list(bound) if care_of is None else [care_of]:
            bound.pop(one, None)
        self._deliver(home, before)

    def get_timer(self) -> float | None:
        """When the next binding is over."""
        ends = (one.ends for bound in self._bound.values() for one in bound.values() if one.ends is not None)
        return min(ends, default=None)

    def expire(self, now: float) -> None:
        """Bindings whose time is over are deleted, without a word to anybody."""
        for home, bound in self._bound.items():
            before = dict(bound)
            for care_of, one in before.items():
                if one.ends is not None and now >= one.ends:
                    del bound[care_of]
                    self.commands.append(Tell("binding_expired", {"home": home, "care_of": care_of}))
            self._deliver(home, before)

    def _new_tunnel(self, home: str, care_of: str) -> str:
        name = f"mip{self._made}"
        self._made += 1
        self.commands += [SetTunnel(name, self._address, care_of), OnlyFrom(name, home)]
        return name

    def _deliver(self, home: str, before: dict[str, Bound]) -> None:
        """Where packets go after a change."""
        bound = self._bound[home]
        after = tuple(one.tunnel for one in bound.values())
        if after != tuple(one.tunnel for one in before.values()):
            self.commands.append(Deliver(home, after))
        self.commands += [DropTunnel(one.tunnel) for care_of, one in before.items() if care_of not in bound]
