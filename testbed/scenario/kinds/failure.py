"""Failure scripts as they are written: what happens to links over time."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from testbed.scenario.kinds.profile import check_jitter
from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.ranges import (
    BitsPerSecondRange,
    BurstRange,
    CorrelationRange,
    DbmRange,
    Range,
    SecondsRange,
    ShareRange,
)
from testbed.scenario.reading.units import LongSeconds, Seconds

SHAPED = ("rate", "delay", "jitter", "jitter_correlation", "loss", "loss_burst", "duplicate", "corrupt")
"""What each direction of a link has on its own and what can change. The signal is the radio's."""
BY_PROGRAM = ("jitter_correlation", "duplicate", "corrupt")
"""What of it netem does not do by itself as we mean it (testbed.scenario.links.gating)."""
_OF_QUEUE = "a link keeps its queue as it is, with what waits there"
FIXED = dict.fromkeys(("queue", "aqm", "target", "interval"), _OF_QUEUE) | {
    "distribution": "a link's jitter stays spread as it is; 'jitter' and 'delay' can change",
    "reordering": "a link keeps packets in order, or it does not",
    "loss_pattern": "a pattern counts packets, not seconds; 'loss' can change",
}
"""What a link's profile alone can say, and why."""
MOST_TIMES = 1000


class FailureStep(Document):
    """At this time this link becomes that: at once, or over some time in a straight line from what it was.

    `gone` ends the link: nothing passes any more, and after the time that its profile names the radio notices.
    `kill` ends an agent instead, as a crash would; with `hang_up` its user hangs up. With `for` the link then becomes
    again what it was, the same way. `times` does all of it so often, `every` so many seconds. Each value may be a range
    ("10 ms to 40 ms"), of which the seed chooses, each time anew. How long a jitter lasts changes at once alone.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {name: f"is the profile's: {why}" for name, why in FIXED.items()}

    at: SecondsRange
    over: SecondsRange = Range(0.0, 0.0)
    stays: SecondsRange | None = Field(default=None, alias="for")
    every: SecondsRange | None = None
    times: int = Field(default=1, ge=1, le=MOST_TIMES)
    link: str | None = None
    direction: Literal["both", "down", "up"] = "both"
    rate: BitsPerSecondRange | None = None
    delay: SecondsRange | None = None
    jitter: SecondsRange | None = None
    jitter_correlation: CorrelationRange | None = None
    loss: ShareRange | None = None
    loss_burst: BurstRange | None = None
    duplicate: ShareRange | None = None
    corrupt: ShareRange | None = None
    signal: DbmRange | None = None
    gone: Literal[True] | None = None
    kill: str | None = None
    hang_up: str | None = None

    @field_validator("jitter")
    @classmethod
    def _jitter_fits(cls, jitter: Range | None, info: ValidationInfo) -> Range | None:
        delay = info.data.get("delay")
        if jitter is not None and delay is not None:
            check_jitter(delay.least, jitter.most)
        return jitter

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.every is None) != (self.times == 1):
            missing, there = ("times", "every") if self.times == 1 else ("every", "times")
            raise ValueError(f"it has '{there}' alone; add '{missing}: …', or leave both out")
        if self.kill is not None:
            self._has_only("kill", "an agent is killed at once and nothing else", set(), "'at' and 'kill' alone")
        elif self.hang_up is not None:
            self._has_only("hang_up", "hanging up is done at once and alone", set(), "'at' and 'hang_up' alone")
        elif self.link is None:
            raise ValueError("a step should say what it happens to; add 'link: …' (or 'kill: …', 'hang_up: …')")
        elif self.gone:
            self._check_gone()
        elif not self.shapes() and self.signal is None:
            raise ValueError(f"a step should change something; possible are: {', '.join(SHAPED)}, signal, gone")
        elif self.direction != "both" and not self.shapes():
            raise ValueError(f"a signal has no direction; leave 'direction: {self.direction}' out")
        elif self.jitter_correlation is not None and self.over.most:
            raise ValueError("how long a jitter lasts changes at once; make a step without 'over' of it")
        return self

    def _check_gone(self) -> None:
        allowed = {"link", "stays", "every", "times"}
        self._has_only("gone", "a link is gone at once and as a whole", allowed, "'at', 'link' and 'gone' alone")
        if self.every is not None and self.stays is None:
            raise ValueError("what is gone can't go again; add 'for: …', after which it is back")

    def _has_only(self, field: str, why: str, allowed: set[str], those: str) -> None:
        if self.model_fields_set - {"at", field} - allowed:
            raise ValueError(f"{why}; make a step of {those}")

    def shapes(self) -> dict[str, Range]:
        """The quantities of its directions that the step changes, with what they may become."""
        return {name: value for name in SHAPED if (value := getattr(self, name)) is not None}


class TraceUse(Document):
    """A link follows a file, from `at` on: a CSV of what it is like over time, or a Mahimahi trace of one direction.

    `skip` leaves out so much of its beginning, `for` all that comes later than so much after that. A published file has
    a form that is known, or `columns` say which column is what; `where` names cells that its rows must have; `stamped`
    says whether a row's time is the begin or the end of what it tells.
    """

    link: str
    csv: str | None = None
    mahimahi: str | None = None
    direction: Literal["down", "up"] | None = None
    at: Seconds = 0.0
    form: str | None = None
    columns: dict[str, str] | None = None
    where: dict[str, str] = Field(default_factory=dict)
    stamped: Literal["begin", "end"] = "begin"
    skip: LongSeconds = 0.0
    lasts: LongSeconds | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.csv is None) == (self.mahimahi is None):
            raise ValueError("a trace is one file; name it as 'csv: …' or as 'mahimahi: …'")
        if self.mahimahi is not None and self.direction is None:
            raise ValueError("a Mahimahi trace is of one direction; add 'direction: down', or 'up'")
        if self.csv is not None and self.direction is not None:
            raise ValueError("a CSV names directions in its header, like 'down.loss [%]'; leave 'direction' out")
        if self.lasts == 0:
            raise ValueError("nothing is left of a trace in 0 s; write it like 'for: 30 s', or leave it out")
        self._check_form()
        return self

    def _check_form(self) -> None:
        if self.mahimahi is not None and (self.form or self.columns is not None):
            raise ValueError("a Mahimahi trace has no columns; leave 'form' and 'columns' out")
        if self.form is not None and (self.columns is not None or "stamped" in self.model_fields_set):
            raise ValueError("a form says all of that; leave 'columns' and 'stamped' out, or 'form'")
        if self.form is None and self.columns is None and (self.where or "stamped" in self.model_fields_set):
            raise ValueError("our own CSV has its times and rows as it is; leave 'where' and 'stamped' out")
        if self.columns is not None and ("time" not in self.columns or len(self.columns) == 1):
            raise ValueError(
                "columns are the time and something else;"
                " write them like: {time: 'Timestamp [s]', rate: 'DL_bitrate [kbit/s]'}"
            )


class FailureScript(Document):
    """A named sequence of steps."""

    kind: ClassVar = "failure script"

    name: Name
    about: str
    steps: list[FailureStep] = Field(default_factory=list)
    traces: list[TraceUse] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.steps and not self.traces:
            raise ValueError("nothing happens in it; add 'steps:' with an entry, or 'traces:'")
        return self
