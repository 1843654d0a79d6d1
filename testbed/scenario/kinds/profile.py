"""Link profiles: what a link is like, each direction on its own, and how a radio gets onto it and notices its loss."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from testbed.lab.links.queues.register import QUEUES
from testbed.lab.network import Direction
from testbed.lab.plan import Aqm, QueueOrder
from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.units import (
    TIME,
    BitsPerSecond,
    Burst,
    Correlation,
    Dbm,
    IntervalSeconds,
    Queue,
    Seconds,
    Share,
    TargetSeconds,
    Watts,
)

LossPattern = Annotated[str, Field(pattern=r"^[.x]+$", max_length=10000)]
"""Which packets are lost: 'x' is, '.' is not."""


class LinkDirection(Document):
    """One direction of a link.

    `delay` is one-way and without serialisation, which is a packet's IP bytes at `rate`. `jitter` is the half-width of
    an even spread around it, or the unit of another `distribution` (testbed.scenario.links.jitter_spread). Two packets
    have the same with a probability that falls by e in each `jitter_correlation`; without one, within a millisecond.
    Packets stay in order, one that would overtake waits, unless `reordering` is chosen.
    `loss` is the share of time in which all is lost, in bad moments of `loss_burst` on average (Gilbert's model, in
    time: testbed.scenario.links.bad_moments). `loss_pattern` loses exactly those packets that it marks, on top of
    `loss`: 'x' for a lost packet and '.' for one that arrives, over and over. `duplicate` is the share of time in which
    what comes arrives twice, `corrupt` that in which each IP packet gets a bit error. `queue` is how much the link
    holds, on its way and waiting, in packets, in bytes at IP, or in the time that the sending of packets takes; more is
    dropped. With `aqm` it is managed (testbed.lab.links.queues): `target` and `interval` have the RFC's defaults; that
    it is `fifo` says that it is not.
    """

    rate: BitsPerSecond
    delay: Seconds
    jitter: Seconds = 0.0
    jitter_correlation: Correlation = 0.0
    distribution: Literal["uniform", "normal", "pareto", "paretonormal"] = "uniform"
    reordering: bool = False
    loss: Share = 0.0
    loss_burst: Burst = 0.02
    loss_pattern: LossPattern | None = None
    duplicate: Share = 0.0
    corrupt: Share = 0.0
    queue: Queue
    aqm: Annotated[Aqm | None, BeforeValidator(lambda word: None if word == "fifo" else word)] = None
    target: TargetSeconds | None = None
    interval: IntervalSeconds | None = None

    @property
    def queue_packets(self) -> int:
        """How many packets the link holds."""
        return self.queue.count(self.rate, self.delay)

    @property
    def by_program(self) -> list[str]:
        """Fields that only a program can carry out that knows the time, and netem cannot."""
        named = {
            "jitter_correlation": self.jitter_correlation > 0,
            "distribution": self.distribution != "uniform",
            "duplicate": self.duplicate > 0,
            "corrupt": self.corrupt > 0,
            "queue": self.queue_bytes is not None,
            "aqm": self.aqm is not None,
        }
        return [name for name, is_there in named.items() if is_there]

    @property
    def queue_bytes(self) -> int | None:
        """How many bytes at IP the link holds; None where that is not said in bytes."""
        return self.queue.bytes

    @property
    def managed_by(self) -> QueueOrder | None:
        """What manages the queue."""
        if self.aqm is None:
            return None
        row = QUEUES[self.aqm]
        return {
            "kind": self.aqm,
            "target_s": self.target or row.target_s,
            "interval_s": self.interval or row.interval_s,
        }

    @model_validator(mode="after")
    def _is_managed(self) -> Self:
        settings = {"target", "interval"} & self.model_fields_set
        managed = self.managed_by
        if managed is None:
            if settings:
                raise ValueError(f"it has '{min(settings)}' without a queue that would heed it; add 'aqm: codel'")
            return self
        if QUEUES[managed["kind"]].is_target_shorter and managed["target_s"] >= managed["interval_s"]:
            target, interval = TIME.text(managed["target_s"]), TIME.text(managed["interval_s"])
            raise ValueError(f"a target of {target} is not within an interval of {interval}; make it shorter")
        return self

    @field_validator("jitter")
    @classmethod
    def _jitter_fits(cls, jitter: float, info: ValidationInfo) -> float:
        check_jitter(info.data.get("delay"), jitter)
        return jitter


class AttachPhase(Document):
    """One step of getting onto the network."""

    phase: str
    time: Seconds


class RadioState(Document):
    """A state of the radio: the `power` that it takes, and after how long without a packet it falls to the next one."""

    state: str
    power: Watts
    tail: Seconds | None = None


class LinkProfile(Document):
    """A kind of access link.

    Without `down` and `up` it is the kernel's own link: no delay, no loss, no limit, and no qdisc that could make any.
    """

    kind: ClassVar = "link profile"

    name: Name
    about: str
    signal: Dbm
    down: LinkDirection | None = None
    up: LinkDirection | None = None
    attach: list[AttachPhase] = Field(default_factory=list)
    loss_noticed_after: Seconds = 0.0
    radio_states: list[RadioState] = Field(default_factory=list)

    @field_validator("radio_states")
    @classmethod
    def _fall_to_the_last(cls, states: list[RadioState]) -> list[RadioState]:
        for number, one in enumerate(states, start=1):
            if (one.tail is None) != (number == len(states)):
                what = "the last state lasts: leave out its 'tail'" if one.tail is not None else "add its 'tail: …'"
                raise ValueError(f"state '{one.state}': {what}")
        return states

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.down is None) != (self.up is None):
            there, missing = ("up", "down") if self.down is None else ("down", "up")
            raise ValueError(f"it has '{there}' alone; add '{missing}: …', or leave both out for a link without limits")
        if self.down is None and self.loss_noticed_after:
            raise ValueError(
                "without 'down' and 'up' nothing can hold packets back before the loss is noticed;"
                " leave 'loss_noticed_after' out"
            )
        return self

    @property
    def directions(self) -> dict[Direction, LinkDirection]:
        """What is shaped: `down` and `up`, or nothing."""
        return {} if self.down is None or self.up is None else {"down": self.down, "up": self.up}

    def with_loss(self, loss: float) -> Self:
        """This link with another mean loss, in bursts as they were. Raises ValueError when it can't have it."""
        if loss and not self.directions:
            raise ValueError(f"'{self.name}' has no 'down' and 'up' that could lose anything; leave it out")
        down, up = (one and one.model_copy(update={"loss": loss}) for one in (self.down, self.up))
        return self.model_copy(update={"down": down, "up": up})


def check_jitter(delay: float | None, jitter: float) -> None:
    """Raises ValueError when packets would have to arrive before they are sent."""
    if delay is not None and jitter > delay:
        mean, spread = TIME.text(round(delay, 6)), TIME.text(round(jitter, 6))
        raise ValueError(
            f"a jitter of {spread} around a delay of {mean} would go back in time; it should not exceed the delay"
        )
