"""What really happens to links in a run: a failure script with all its ranges drawn, repetitions told one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from testbed.scenario.kinds.failure import FailureScript, FailureStep
from testbed.scenario.reading.tree import Place

DIGITS = 6
"""Times are exact to this many digits of a second; so the end of a ramp is the same moment as the step that follows."""

SIGNAL = ("", "signal")
Quantity = tuple[str, str]
"""Direction and name; the signal's direction is ""."""


def moment(time_s: float) -> float:
    """A time without the crumbs of binary fractions."""
    return round(time_s, DIGITS)


@dataclass(frozen=True)
class Change:
    """Something that happens; `place` is where it stands in the script. Units are base units.

    `over` is how long the link takes to become what `values` say, `stays` how long it is so before it goes back the
    same way; None: for good.
    """

    place: Place
    at: float
    over: float = 0.0
    stays: float | None = None
    link: str | None = None
    direction: Literal["both", "down", "up"] = "both"
    values: dict[str, float] = field(default_factory=dict)
    gone: bool = False
    kill: str | None = None
    hang_up: str | None = None

    @property
    def reached(self) -> float:
        """When the link has become what it becomes."""
        return moment(self.at + self.over)

    @property
    def back(self) -> float | None:
        """When it begins to go back; None where it doesn't."""
        return None if self.stays is None else moment(self.at + self.over + self.stays)

    @property
    def end(self) -> float:
        """When all of it is over."""
        return self.reached if self.back is None else moment(self.back + self.over)

    def changes(self) -> dict[Quantity, float]:
        """What becomes what."""
        ways = ("down", "up") if self.direction == "both" else (self.direction,)
        found = {(way, name): value for name, value in self.values.items() if name != "signal" for way in ways}
        return found | ({SIGNAL: self.values["signal"]} if "signal" in self.values else {})


def history(script: FailureScript, seed: int) -> list[Change]:
    """All changes of a script's steps, in the script's order."""
    return [change for index, step in enumerate(script.steps) for change in repeated(script, index, step, seed)]


def repeated(script: FailureScript, index: int, step: FailureStep, seed: int) -> Iterator[Change]:
    """One step, as often as it happens. Each step has its own random numbers: another step changes none of them."""
    random = Random(f"{seed}/{script.name}/{index}")  # noqa: S311 - reproducible on purpose
    at = step.at.draw(random)
    for number in range(step.times):
        if number and step.every is not None:
            at += step.every.draw(random)
        values = {name: value.draw(random) for name, value in step.shapes().items()}
        if step.signal is not None:
            values["signal"] = step.signal.draw(random)
        yield Change(
            place=("steps", index),
            at=moment(at),
            over=moment(step.over.draw(random)),
            stays=None if step.stays is None else moment(step.stays.draw(random)),
            link=step.link,
            direction=step.direction,
            values=values,
            gone=bool(step.gone),
            kill=step.kill,
            hang_up=step.hang_up,
        )
