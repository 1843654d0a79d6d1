"""Link profiles: what a link is like, each direction on its own, and how a radio gets onto it and notices its loss."""

from typing import Self

from pydantic import Field, model_validator

from testbed.scenario.document import Document
from testbed.scenario.units import BitsPerSecond, Dbm, Packets, Seconds, Share


class LinkDirection(Document):
    """One direction of a link, as netem realises it.

    `delay` is one-way and without serialisation, which is a packet's IP bytes at `rate`. `jitter` is the half-width of
    an even spread around it. Packets stay in order: one that would overtake waits. `loss` is the mean share of packets
    lost, in bursts of `loss_burst` packets on average (Gilbert-Elliott). `queue` is how many packets the link holds,
    on their way and waiting; more are dropped.
    """

    rate: BitsPerSecond
    delay: Seconds
    jitter: Seconds = 0.0
    loss: Share = 0.0
    loss_burst: Packets = 1.0
    queue: Packets

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.jitter > self.delay:
            raise ValueError(
                f"a jitter of {self.jitter * 1e3:g} ms around a delay of {self.delay * 1e3:g} ms would go back in time;"
                " the jitter must not exceed the delay"
            )
        return self


class AttachPhase(Document):
    """One step of getting onto the network."""

    phase: str
    time: Seconds


class LinkProfile(Document):
    """A kind of access link."""

    name: str
    about: str
    signal: Dbm
    down: LinkDirection
    up: LinkDirection
    attach: list[AttachPhase] = Field(default_factory=list)
    loss_noticed_after: Seconds = 0.0
