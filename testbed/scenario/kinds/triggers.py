"""Triggers as scenarios name them, with their parameters; what each one is stands in its docstring."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from testbed.scenario.reading.document import Document
from testbed.scenario.reading.units import Dbm, Decibels, Metres, Seconds, Share


class TriggerSetting(Document):
    """What every trigger has: after a handover it waits for `stay` with the next one, unless the link is lost."""

    stay: Seconds = 0.0


class LinkDown(TriggerSetting):
    """The kernel says that the link has lost its carrier (IEEE 802.21: Link_Down)."""

    on: Literal["link-down"]


class SignalBelow(TriggerSetting):
    """The radio reports a signal that is weaker than `below` for `time_to_trigger`.

    Back when it is `hysteresis` stronger.
    """

    on: Literal["signal"]
    below: Dbm
    hysteresis: Decibels = 0.0
    time_to_trigger: Seconds = 0.0


class GoingDown(TriggerSetting):
    """The signal's slope over the last `window` says that it falls to `floor` `within` so long.

    IEEE 802.21: Link_Going_Down. Back when it is `hysteresis` stronger than it was then, and does not fall.
    """

    on: Literal["link-going-down"]
    floor: Dbm
    within: Seconds
    window: Seconds = 1.0
    hysteresis: Decibels = 6.0


class Quality(TriggerSetting):
    """Of what was received over the link in the last `window`, `loss`, `jitter` or `delay` is above its limit.

    Or of what was sent `uplink_loss`, by RTCP. Delay is what the slowest packets take more than the fastest. Knows no
    way back: nothing is received there.
    """

    on: Literal["quality"]
    loss: Share | None = None
    jitter: Seconds | None = None
    delay: Seconds | None = None
    uplink_loss: Share | None = None
    window: Seconds = 1.0

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.loss is self.jitter is self.delay is self.uplink_loss is None:
            raise ValueError("it has no limit; add 'loss: …', 'jitter: …', 'delay: …' or 'uplink_loss: …'")
        return self


class Position(TriggerSetting):
    """The GPS receiver says that the edge of the link's `coverage` is nearer than `margin`.

    It follows the scenario's `track`. Back when `hysteresis` further inside.
    """

    on: Literal["position"]
    coverage: str
    margin: Metres = 0.0
    hysteresis: Metres = 10.0


class SourceQuench(TriggerSetting):
    """Routers on the link have asked `count` times `within` so long to send less (ICMP type 4; paper, 4.2).

    Knows no way back: nobody asks who does not send there.
    """

    on: Literal["source-quench"]
    count: Annotated[int, Field(ge=1)] = 3
    within: Seconds = 1.0


class Policy(TriggerSetting):
    """The user's wish: the cheapest of the networks that are there, and of those the first in `prefer`.

    With a battery below `save_below` the one that takes the least power. A network is there while its signal is not
    weaker than its `there_from`, less `hysteresis`, for `time_to_trigger`.
    """

    on: Literal["policy"]
    prefer: Annotated[list[str], Field(min_length=1)]
    there_from: dict[str, Dbm] = Field(default_factory=dict)
    hysteresis: Decibels = 5.0
    time_to_trigger: Seconds = 0.0
    save_below: Share = 0.0


Single = Annotated[
    LinkDown | SignalBelow | GoingDown | Quality | Position | SourceQuench | Policy, Field(discriminator="on")
]


class AnyOf(TriggerSetting):
    """Several triggers, `of` which one is enough."""

    on: Literal["any"]
    of: Annotated[list[Single], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_stays(self.of)
        return self


class Voice(Document):
    """One trigger among several."""

    weight: Share
    trigger: Single


class Weighted(TriggerSetting):
    """Several triggers with a weight each, `of` which enough have to say so: `at_least` this weight together."""

    on: Literal["weighted"]
    of: Annotated[list[Voice], Field(min_length=1)]
    at_least: Share

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_stays([one.trigger for one in self.of])
        if sum(one.weight for one in self.of) < self.at_least - 1e-9:
            raise ValueError("all together have less weight than 'at_least' wants; it would never fire")
        return self


def check_stays(triggers: list[Single]) -> None:
    """Raises ValueError: the guard is the decision's, and not one trigger's."""
    if any(one.stay for one in triggers):
        raise ValueError("'stay' is for all of them together; write it beside 'of'")


TRIGGERS = (LinkDown, SignalBelow, GoingDown, Quality, Position, SourceQuench, Policy, AnyOf, Weighted)
"""All triggers."""

Trigger = Annotated[
    LinkDown | SignalBelow | GoingDown | Quality | Position | SourceQuench | Policy | AnyOf | Weighted,
    Field(discriminator="on"),
]


def parts(trigger: Trigger) -> list[Single]:
    """The single triggers that it is made of."""
    if isinstance(trigger, AnyOf):
        return list(trigger.of)
    return [one.trigger for one in trigger.of] if isinstance(trigger, Weighted) else [trigger]
