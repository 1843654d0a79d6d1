"""Which radios are on their networks, which are on their way there, and which wait because theirs is out of reach."""

from collections.abc import Callable, Mapping
from itertools import count

from testbed.lab.journal import Journal
from testbed.lab.plan import Radio


class Attachments:
    """The mobile node's radios as they get onto their networks, phase by phase.

    A network that is gone is not there to be attached to: the radio keeps trying, and begins anew when it is back. So
    it does when its network goes away meanwhile.
    """

    def __init__(
        self,
        radios: Mapping[str, Radio],
        join: Callable[[str], None],
        journal: Journal,
        after: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """`join` does what is to be done at the end of the last phase; `after` does something so many seconds later."""
        self._radios, self._join, self._journal, self._after = radios, join, journal, after
        self._joined = {name for name, radio in radios.items() if radio["attached"]}
        self._gone: set[str] = set()
        # Of each link that is to be attached, the number of the present try: what older ones had planned is void.
        self._tries: dict[str, int] = {}
        self._numbers = count()

    def ask(self, link: str) -> None:
        """Somebody wants the link attached."""
        self._tries[link] = next(self._numbers)
        if link in self._gone:
            self._journal.add("lab", "out_of_reach", link=link)
        else:
            self._begin(link)

    def gone(self, link: str) -> None:
        """From now on the link's network is out of reach."""
        self._gone.add(link)
        if link in self._tries:
            self._tries[link] = next(self._numbers)
            self._journal.add("lab", "out_of_reach", link=link)

    def back(self, link: str) -> None:
        """The link's network is there again."""
        self._gone.discard(link)
        if link in self._tries:
            self._begin(link)

    def is_joined(self, link: str) -> bool:
        """Whether the link has been attached, and nobody asks for that again: its carrier comes and goes by itself."""
        return link in self._joined and link not in self._tries

    def _begin(self, link: str) -> None:
        number, due = self._tries[link], 0.0
        for phase in self._radios[link]["attach_phases"]:
            due += phase["seconds"]
            name = phase["phase"]
            self._after(due, lambda name=name: self._passed(link, number, name))  # type: ignore[misc]
        self._after(due, lambda: self._reached(link, number))

    def _passed(self, link: str, number: int, phase: str) -> None:
        if self._tries.get(link) == number:
            self._journal.add("lab", "attach_phase", link=link, phase=phase)

    def _reached(self, link: str, number: int) -> None:
        if self._tries.get(link) == number:
            del self._tries[link]
            self._joined.add(link)
            self._join(link)
