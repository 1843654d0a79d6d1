"""A radio gets onto a network that is there, and keeps trying where there is none."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, cast

from testbed.lab.links.attachments import Attachments

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.lab.journal import Journal
    from testbed.lab.plan import Radio

PHASES = [{"phase": "scan", "seconds": 1.0}, {"phase": "login", "seconds": 0.5}]


class Air:
    """Two radios, one of them attached, on a clock of their own; what is told is kept with its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[float, str]] = []
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        radios: dict[str, Any] = {
            "wifi": {"attached": True, "attach_phases": PHASES},
            "umts": {"attached": False, "attach_phases": PHASES},
        }
        self.attachments = Attachments(
            cast("dict[str, Radio]", radios),
            lambda link: self.told.append((self.now, f"{link} attached")),
            cast("Journal", self),
            lambda seconds, do: heappush(self._due, (self.now + seconds, len(self.told) + len(self._due), do)),
        )

    def add(self, source: str, event: str, *, link: str, phase: str = "") -> None:
        """As a journal."""
        assert source == "lab"
        self.told.append((self.now, f"{link} {phase or event}"))

    def run_until(self, end: float) -> None:
        while self._due and self._due[0][0] <= end:
            self.now, _, do = heappop(self._due)
            do()
        self.now = end


ATTACHED_BY = [(1.0, "umts scan"), (1.5, "umts login"), (1.5, "umts attached")]


def test_it_is_attached_phase_by_phase() -> None:
    air = Air()
    assert not air.attachments.is_joined("umts")
    air.attachments.ask("umts")
    air.run_until(9.0)
    assert air.told == ATTACHED_BY
    assert air.attachments.is_joined("umts")


def test_no_radio_gets_onto_a_network_that_is_gone() -> None:
    air = Air()
    air.attachments.gone("umts")
    air.attachments.ask("umts")
    air.run_until(60.0)
    assert air.told == [(0.0, "umts out_of_reach")]
    assert not air.attachments.is_joined("umts")


def test_it_gets_there_when_the_network_is_back() -> None:
    air = Air()
    air.attachments.gone("umts")
    air.attachments.ask("umts")
    air.run_until(60.0)
    air.attachments.back("umts")
    air.run_until(70.0)
    assert air.told[1:] == [(60 + at, what) for at, what in ATTACHED_BY]


def test_a_network_that_goes_meanwhile_makes_it_begin_anew() -> None:
    air = Air()
    air.attachments.ask("umts")
    air.run_until(1.2)
    air.attachments.gone("umts")
    air.run_until(3.0)
    air.attachments.back("umts")
    air.run_until(9.0)
    assert air.told == [(1.0, "umts scan"), (1.2, "umts out_of_reach"), (4.0, "umts scan"), (4.5, "umts login"),
                        (4.5, "umts attached")]  # fmt: skip


def test_what_nobody_wants_attached_is_not_attached_when_it_is_back() -> None:
    air = Air()
    air.attachments.gone("umts")
    air.attachments.back("umts")
    air.run_until(9.0)
    assert air.told == []
    assert not air.attachments.is_joined("umts")


def test_a_link_that_was_attached_keeps_its_carrier_to_itself_until_it_is_asked_for_again() -> None:
    air = Air()
    assert air.attachments.is_joined("wifi")
    air.attachments.gone("wifi")
    assert air.attachments.is_joined("wifi")
    air.attachments.ask("wifi")
    assert not air.attachments.is_joined("wifi")
    air.attachments.back("wifi")
    air.run_until(9.0)
    assert air.attachments.is_joined("wifi")
