"""What every engine can do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from testbed.lab.plan import Plan

Report = Callable[[dict[str, Any]], None]
"""Takes a progress report: `{"t_s": …}` each second of scenario time, events with `source` and `event` as well."""
Say = Callable[[str], None]
"""Takes a line about what is being prepared."""


class Place(Protocol):
    """A place where plans for one network are carried out, any number of them at once."""

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan and fills `folder`; raises RunFailedError when there is no outcome at all."""

    def identity(self) -> dict[str, str]:
        """What a manifest says of this place: where two of them agree, a reproducible engine gives the same bytes."""


class Engine(Protocol):
    """A kind of place."""

    name: str
    reproducible: bool
    """Whether the same plan gives the same bytes."""

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Makes ready what a run of this plan needs; raises MissingRequirementError where it can't be had."""
