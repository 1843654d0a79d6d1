"""A mobile node's system on two links, and whoever else takes part; time is a number."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import KernelOrder
from agents.roles.role import LinkChange, Tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.roles.role import Command, Role

WAY_S = {"wifi": 0.0015, "umts": 0.110}


def about_links(care_of: Mapping[str, str], trigger: dict[str, Any] | None) -> dict[str, Any]:
    """What the system is told of them."""
    links = {name: {"interface": f"mn-{name}", "address": address} for name, address in care_of.items()}
    return {
        "links": links, "first_link": "wifi", "second_link": "umts", "networks": {},
        "trigger": trigger or {"on": "signal", "below": -60.0},
    }  # fmt: skip


class TwoLinkWorld:
    """`care_of` has the node's addresses by link."""

    def __init__(self, care_of: Mapping[str, str]) -> None:
        self.now = 0.0
        self._care_of = care_of
        #: (time, who, command), of each the newest last.
        self.commands: list[tuple[float, str, Command]] = []
        #: (time, label, link).
        self.sent: list[tuple[float, str, str]] = []
        #: Labels of which the next one is lost.
        self.lost: set[str] = set()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._gone: set[str] = set()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name; `mn` is the mobile node's system."""
        raise NotImplementedError

    def begin(self) -> None:
        """All begin at 0 s; the mobile node is on both links."""
        for name in self._care_of:
            self.link(name, is_up=True)
        for role in self.roles().values():
            role.start(now=0.0)
        self._flush()

    def link(self, name: str, *, is_up: bool) -> None:
        """The kernel's news of a link."""
        (self._gone.discard if is_up else self._gone.add)(name)
        addresses = frozenset([self._care_of[name]] if is_up else [])
        self.roles()["mn"].link_changed(LinkChange(f"mn-{name}", is_up, addresses, is_up), now=self.now)
        self._flush()

    def signal(self, dbm: float = -70.0, link: str = "wifi") -> None:
        """What a radio reports."""
        self.roles()["mn"].receive_report({"report": "signal", "link": link, "signal_dbm": dbm}, now=self.now)
        self._flush()

    def run(self, until: float) -> None:
        """Lets time pass."""
        while (at := self._next()) is not None and at <= until:
            self.now = max(self.now, at)
            while self._due and self._due[0][0] <= self.now:
                heappop(self._due)[2]()
                self._flush()
            for role in self.roles().values():
                role.handle_timer(now=self.now)
            self._flush()
        self.now = until

    def told(self, event: str, who: str = "") -> list[dict[str, Any]]:
        """The facts of all lines of the timeline that are called so."""
        found = ((whose, one) for _, whose, one in self.commands if isinstance(one, Tell))
        return [one.facts for whose, one in found if one.event == event and who in {"", whose}]

    def orders(self, who: str = "mn") -> list[Command]:
        """What the kernel of one was to do, in order."""
        said = (one for _, whose, one in self.commands if whose == who)
        return [one for one in said if isinstance(one, KernelOrder)]

    def labels(self) -> list[str]:
        """What was sent, without times."""
        return [f"{label} {link}" for _, label, link in self.sent]

    def _next(self) -> float | None:
        timers = [self._due[0][0] if self._due else None, *(role.get_timer() for role in self.roles().values())]
        return min((one for one in timers if one is not None), default=None)

    def _flush(self) -> None:
        for who, role in self.roles().items():
            while (command := role.next_command()) is not None:
                self.commands.append((self.now, who, command))
                self._obey(who, command)

    def _obey(self, who: str, command: Command) -> None:
        """What a world does of it."""

    def _carry(self, label: str, link: str, arrive: Callable[[], None]) -> None:
        """Over a link, if it has not gone by then, and is one."""
        self.sent.append((self.now, label, link))
        if label in self.lost or link in self._gone or not link:
            self.lost.discard(label)
            return

        def come() -> None:
            if link not in self._gone:
                arrive()

        self.after(WAY_S[link], come)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Does something later."""
        self._order += 1
        heappush(self._due, (self.now + seconds, self._order, do))
