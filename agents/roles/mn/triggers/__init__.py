"""Triggers: what decides that a handover is done now (paper, section 4.2). They know nothing of SIP.

Each kind is a file of its own: events and times in, opinions of links out. The decision weighs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.decision import Decision, Part
from agents.roles.mn.triggers.going_down import GoingDownTrigger
from agents.roles.mn.triggers.link_down import LinkDownTrigger
from agents.roles.mn.triggers.policy import PolicyTrigger
from agents.roles.mn.triggers.position import PositionTrigger
from agents.roles.mn.triggers.quality import QualityTrigger
from agents.roles.mn.triggers.signal import SignalTrigger
from agents.roles.mn.triggers.source_quench import SourceQuenchTrigger
from agents.roles.mn.triggers.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.mn.triggers.trigger import Trigger

# About the main link, but for the first and the last, which are about any.
KINDS: dict[str, Callable[[dict[str, Any], str, Surroundings], Trigger]] = {
    "link-down": lambda *_: LinkDownTrigger(),
    "signal": lambda config, main, _: SignalTrigger(config, main),
    "link-going-down": lambda config, main, _: GoingDownTrigger(config, main),
    "quality": lambda config, main, _: QualityTrigger(config, main),
    "position": lambda config, main, _: PositionTrigger(config, main),
    "source-quench": lambda config, main, _: SourceQuenchTrigger(config, main),
    "policy": lambda config, _, surroundings: PolicyTrigger(config, surroundings),
}


def make_decision(config: dict[str, Any], links: tuple[str, str], networks: dict[str, dict[str, Any]]) -> Decision:
    """The decision about these links, the main one first, that a configuration describes.

    `on` names a trigger, or a combination of several: `any` of them is enough, or `weighted`: they have to have
    `at_least` this weight together. `networks` is what is known of each. Raises KeyError for what there is not.
    """
    surroundings = Surroundings({name: networks.get(name, {}) for name in links})

    def make(one: dict[str, Any]) -> Trigger:
        return KINDS[one["on"]](one, links[0], surroundings)

    if config["on"] == "weighted":
        parts = [Part(make(one["trigger"]), one["weight"]) for one in config["of"]]
    else:
        parts = [Part(make(one)) for one in (config["of"] if config["on"] == "any" else [config])]
    at_least: float = config.get("at_least", 1.0)
    return Decision(parts, links, surroundings, at_least=at_least, stay_s=config.get("stay", 0.0))
