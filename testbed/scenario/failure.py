"""Failure scripts: what happens to links over time."""

from typing import ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from testbed.scenario.document import Document, Name
from testbed.scenario.profile import check_burst, check_jitter
from testbed.scenario.units import BitsPerSecond, Dbm, Packets, Seconds, Share

SHAPED = ("rate", "delay", "jitter", "loss", "loss_burst")
"""What each direction of a link has on its own. The signal is the radio's."""


class FailureStep(Document):
    """At this time this link becomes that: at once, or over some time in a straight line from what it was.

    `gone` ends the link: nothing passes any more, and after the time that its profile names the radio notices.
    `kill` ends an agent instead, as a crash would; with `hang_up` its user hangs up.
    """

    at: Seconds
    over: Seconds = 0.0
    link: str | None = None
    direction: Literal["both", "down", "up"] = "both"
    rate: BitsPerSecond | None = None
    delay: Seconds | None = None
    jitter: Seconds | None = None
    loss: Share | None = None
    loss_burst: Packets | None = None
    signal: Dbm | None = None
    gone: Literal[True] | None = None
    kill: str | None = None
    hang_up: str | None = None

    @field_validator("jitter")
    @classmethod
    def _jitter_fits(cls, jitter: float | None, info: ValidationInfo) -> float | None:
        if jitter is not None:
            check_jitter(info.data.get("delay"), jitter)
        return jitter

    @field_validator("loss_burst")
    @classmethod
    def _burst_fits(cls, burst: float | None, info: ValidationInfo) -> float | None:
        if burst is not None:
            check_burst(info.data.get("loss"), burst)
        return burst

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kill is not None:
            if self.model_fields_set - {"at", "kill"}:
                raise ValueError("an agent is killed at once and nothing else; make a step of 'at' and 'kill' alone")
            return self
        if self.hang_up is not None:
            if self.model_fields_set - {"at", "hang_up"}:
                raise ValueError("hanging up is done at once and alone; make a step of 'at' and 'hang_up' alone")
            return self
        if self.link is None:
            raise ValueError("a step should say what it happens to; add 'link: …' (or 'kill: …', 'hang_up: …')")
        if self.gone:
            if self.model_fields_set - {"at", "link", "gone"}:
                raise ValueError("a link is gone at once and as a whole; make a step of 'at', 'link' and 'gone' alone")
            return self
        if not self.changes():
            raise ValueError(f"a step should change something; possible are: {', '.join(SHAPED)}, signal, gone")
        if self.direction != "both" and not self.shapes():
            raise ValueError(f"a signal has no direction; leave 'direction: {self.direction}' out")
        return self

    @property
    def end(self) -> float:
        """When the step has been done."""
        return self.at + self.over

    def shapes(self) -> dict[str, float]:
        """The quantities of its directions that the step changes, with their values at its end."""
        return {name: value for name in SHAPED if (value := getattr(self, name)) is not None}

    def changes(self) -> dict[tuple[str, str], float]:
        """What the step changes, as {(direction, quantity): value at its end}; the signal's direction is ""."""
        directions = ("down", "up") if self.direction == "both" else (self.direction,)
        changed = {(way, name): value for way in directions for name, value in self.shapes().items()}
        return changed if self.signal is None else {**changed, ("", "signal"): self.signal}


class FailureScript(Document):
    """A named sequence of steps."""

    kind: ClassVar = "failure script"

    name: Name
    about: str
    steps: list[FailureStep] = Field(min_length=1)
