"""Scenarios: everything that is chosen for a run."""

from typing import Annotated, Literal

from pydantic import Field

from testbed.scenario.document import Document
from testbed.scenario.units import Dbm, Seconds

SchemeName = Literal["reinvite", "handover-cn"]


class LinkDown(Document):
    """The kernel says that the link has lost its carrier."""

    on: Literal["link-down"]


class SignalBelow(Document):
    """The radio reports a signal that is weaker than this."""

    on: Literal["signal"]
    below: Dbm


Trigger = Annotated[LinkDown | SignalBelow, Field(discriminator="on")]


class SchemeSetting(Document):
    """How a scheme is used: what decides that the handover is done, and when the other link is attached."""

    trigger: Trigger
    attach: Literal["beforehand", "when-triggered"]


class Call(Document):
    """The call: who talks for how long. Both sides talk all the time."""

    start: Seconds = 1.0
    duration: Seconds
    codec: Literal["PCMU"] = "PCMU"


class Scenario(Document):
    """A whole experiment but for the numbers of the runs."""

    name: str
    about: str
    topology: str
    links: dict[str, str]
    first_link: str
    second_link: str
    call: Call
    failure: str
    scheme: SchemeName
    schemes: dict[SchemeName, SchemeSetting] = Field(min_length=1)
    seed: int = Field(default=1, ge=0)
