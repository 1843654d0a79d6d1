"""Triggers: what decides that a handover is done now (paper, section 4.2). They know nothing of SIP.

Each kind is a file of its own, and a row of the register: events and times in, opinions of links out. The decision
weighs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.decision import Decision, Part
from agents.roles.mn.triggers.surroundings import Surroundings
from agents.roles.mn.triggers.trigger import API_VERSION, Opinion, Trigger
from agents.roles.mn.triggers.trigger_rows import TRIGGERS, Is, Parameter, TriggerRow

if TYPE_CHECKING:
    from typing import Final

__all__ = [
    "ANY", "API_VERSION", "TRIGGERS", "WEIGHTED", "Is", "Opinion", "Parameter", "Trigger", "TriggerRow",
    "make_decision",
]  # fmt: skip

#: Combinations of several.
ANY: Final = "any"
WEIGHTED: Final = "weighted"


def make_decision(config: dict[str, Any], links: tuple[str, str], networks: dict[str, dict[str, Any]]) -> Decision:
    """The decision about these links, the main one first, that a configuration describes.

    `on` names a trigger, or a combination of several: `any` of them is enough, or `weighted`: they have to have
    `at_least` this weight together. `networks` is what is known of each. Raises KeyError for what there is not.
    """
    surroundings = Surroundings({name: networks.get(name, {}) for name in links})

    def make(one: dict[str, Any]) -> Trigger:
        return TRIGGERS[one["on"]].loaded().of(one, links[0], surroundings)

    if config["on"] == WEIGHTED:
        parts = [Part(make(one["trigger"]), one["weight"]) for one in config["of"]]
    else:
        parts = [Part(make(one)) for one in (config["of"] if config["on"] == ANY else [config])]
    at_least: float = config.get("at_least", 1.0)
    return Decision(parts, links, surroundings, at_least=at_least, stay_s=config.get("stay", 0.0))
