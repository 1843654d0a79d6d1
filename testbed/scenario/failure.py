"""Failure scripts: what happens to links over time."""

from typing import Literal, Self

from pydantic import Field, model_validator

from testbed.scenario.document import Document
from testbed.scenario.units import BitsPerSecond, Dbm, Packets, Seconds, Share

QUANTITIES = ("rate", "delay", "jitter", "loss", "loss_burst", "signal")


class FailureStep(Document):
    """At this time this link becomes that: at once, or over some time in a straight line from what it was.

    `gone` ends the link: nothing passes any more, and after the time that its profile names the radio notices.
    `kill` ends an agent instead, as a crash would.
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

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kill is not None:
            if self.link is not None or self.gone or self.changes():
                raise ValueError("a step either kills an agent or changes a link; make two steps of it")
            return self
        if self.link is None:
            raise ValueError("a step needs 'link: …' (or 'kill: …'), to say what it happens to")
        if not self.gone and not self.changes():
            raise ValueError(f"a step should change something: {', '.join(QUANTITIES)} or gone")
        if self.gone and (self.over or self.changes()):
            raise ValueError("a link is gone at once; what happens to it before belongs into a step of its own")
        return self

    def changes(self) -> dict[str, float]:
        """The quantities that the step changes, with their values at its end."""
        return {name: value for name in QUANTITIES if (value := getattr(self, name)) is not None}


class FailureScript(Document):
    """A named sequence of steps."""

    name: str
    about: str
    steps: list[FailureStep] = Field(min_length=1)
