"""The register of triggers: one row each, with what a scenario may say of it. Everybody else reads it."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from agents.roles.mn.triggers.trigger import API_VERSION, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping


class Is(StrEnum):
    """What a parameter is. Files have it with its unit, a trigger's configuration as a number in the one named here."""

    SIGNAL = "signal"  # dBm
    DIFFERENCE = "difference of signals"  # dB
    TIME = "time"  # s
    SHARE = "share"  # 0 to 1
    LENGTH = "length"  # m
    COUNT = "count"  # 1 or more
    LINKS = "links"  # names of the call's links
    SIGNALS = "signals of links"  # name: dBm
    COVERAGE = "coverage map"  # a name; the configuration has `areas` besides, where the main link can be received


REQUIRED = "…"


class Parameter(NamedTuple):
    """What it is, and its value where a scenario says nothing."""

    kind: Is
    default: object = REQUIRED


class TriggerRow(NamedTuple):
    """All that is to be known of a trigger.

    `api` is the version of the interface that it was written for. `trigger` is its class; of ours, where that is. Of
    the parameters that `needs_one_of` names, a scenario has to say one.
    """

    api: int
    about: str
    trigger: type[Trigger] | str
    parameters: Mapping[str, Parameter] = {}
    needs_one_of: tuple[str, ...] = ()

    def wrong(self) -> str:
        """What is wrong with a row that a user made; nothing where nothing is."""
        if not (isinstance(self.trigger, type) and issubclass(self.trigger, Trigger)):
            name = getattr(self.trigger, "__name__", repr(self.trigger))
            return f"trigger={name} is no class that inherits from Trigger; write one"
        for name, one in self.parameters.items():
            if type(one) is not Parameter or one.kind not in tuple(Is):
                return f"parameters: {name!r} is {one!r}; write Parameter(Is.TIME, 1.0) or the like"
            if name in {"on", "stay"}:
                return f"parameters: {name!r} is what every trigger has; call it otherwise"
        return ""

    def loaded(self) -> type[Trigger]:
        """Its class."""
        if isinstance(self.trigger, str):
            module, _, name = self.trigger.partition(":")
            found: type[Trigger] = getattr(import_module(module), name)
            return found
        return self.trigger


HERE = "agents.roles.mn.triggers"
TRIGGERS: dict[str, TriggerRow] = {
    "link-down": TriggerRow(
        API_VERSION,
        "The kernel says that the link has lost its carrier (IEEE 802.21: Link_Down).",
        f"{HERE}.link_down:LinkDownTrigger",
    ),
    "signal": TriggerRow(
        API_VERSION,
        "The radio reports a signal that is weaker than `below` for `time_to_trigger`. Back when it is `hysteresis`"
        " stronger.",
        f"{HERE}.signal:SignalTrigger",
        {
            "below": Parameter(Is.SIGNAL),
            "hysteresis": Parameter(Is.DIFFERENCE, 0.0),
            "time_to_trigger": Parameter(Is.TIME, 0.0),
        },
    ),
    "link-going-down": TriggerRow(
        API_VERSION,
        "The signal's slope over the last `window` says that it falls to `floor` `within` so long. IEEE 802.21:"
        " Link_Going_Down. Back when it is `hysteresis` stronger than it was then, and does not fall.",
        f"{HERE}.going_down:GoingDownTrigger",
        {
            "floor": Parameter(Is.SIGNAL),
            "within": Parameter(Is.TIME),
            "window": Parameter(Is.TIME, 1.0),
            "hysteresis": Parameter(Is.DIFFERENCE, 6.0),
        },
    ),
    "quality": TriggerRow(
        API_VERSION,
        "Of what was received over the link in the last `window`, `loss`, `jitter` or `delay` is above its limit. Or of"
        " what was sent `uplink_loss`, by RTCP. Delay is what the slowest packets take more than the fastest. Knows no"
        " way back: nothing is received there.",
        f"{HERE}.quality:QualityTrigger",
        {
            "loss": Parameter(Is.SHARE, None),
            "jitter": Parameter(Is.TIME, None),
            "delay": Parameter(Is.TIME, None),
            "uplink_loss": Parameter(Is.SHARE, None),
            "window": Parameter(Is.TIME, 1.0),
        },
        needs_one_of=("loss", "jitter", "delay", "uplink_loss"),
    ),
    "position": TriggerRow(
        API_VERSION,
        "The GPS receiver says that the edge of the link's `coverage` is nearer than `margin`. It follows the"
        " scenario's `track`. Back when `hysteresis` further inside.",
        f"{HERE}.position:PositionTrigger",
        {
            "coverage": Parameter(Is.COVERAGE),
            "margin": Parameter(Is.LENGTH, 0.0),
            "hysteresis": Parameter(Is.LENGTH, 10.0),
        },
    ),
    "source-quench": TriggerRow(
        API_VERSION,
        "Routers on the link have asked `count` times `within` so long to send less (ICMP type 4; paper, 4.2). Knows no"
        " way back: nobody asks who does not send there.",
        f"{HERE}.source_quench:SourceQuenchTrigger",
        {"count": Parameter(Is.COUNT, 3), "within": Parameter(Is.TIME, 1.0)},
    ),
    "silence": TriggerRow(
        API_VERSION,
        "Nothing has come over the link for `for`, though the peer speaks there; longer where the path has had such"
        " pauses of late. Or the peer says that it hears nothing of us there. Back when it has been heard for"
        " `back_after`, where a leg stands by; elsewhere it is forgotten by then.",
        f"{HERE}.fallen_silent:SilenceTrigger",
        {"for": Parameter(Is.TIME, 0.06), "back_after": Parameter(Is.TIME, 5.0)},
    ),
    "policy": TriggerRow(
        API_VERSION,
        "The user's wish: the cheapest of the networks that are there, and of those the first in `prefer`. With a"
        " battery below `save_below` the one that takes the least power. A network is there while its signal is not"
        " weaker than its `there_from`, less `hysteresis`, for `time_to_trigger`.",
        f"{HERE}.policy:PolicyTrigger",
        {
            "prefer": Parameter(Is.LINKS),
            "there_from": Parameter(Is.SIGNALS, {}),
            "hysteresis": Parameter(Is.DIFFERENCE, 5.0),
            "time_to_trigger": Parameter(Is.TIME, 0.0),
            "save_below": Parameter(Is.SHARE, 0.0),
        },
    ),
}
"""Ours, by name. In an agent, those that its user brought follow."""
