"""One run of a campaign, by what goes into it: all that a worker is told, and all that it hands back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.campaign.campaign_file import Keep
from testbed.engine.cache import digest
from testbed.lab.plan import Plan

KEY_DIGITS = 16
UNRELATED = ("command",)
"""What a manifest says that makes no difference to the run."""


@dataclass(frozen=True)
class Order:
    """A run to be: its plan, its manifest but for how it ends, and what its files hold that the plan does not.

    `numbers` are files of users' numbers. `work` is the folder that it is carried out in, a temporary one if None.
    """

    plan: Plan
    manifest: dict[str, Any]
    keep: Keep
    history: Mapping[str, bytes]
    numbers: tuple[str, ...] = ()
    work: Path | None = None

    @property
    def key(self) -> str:
        """What the run is known by: a digest of all that goes into it, and of what makes and measures it."""
        said = {name: value for name, value in self.manifest.items() if name not in UNRELATED}
        said["versions"] = {name: value for name, value in said["versions"].items() if name != "python"}
        return digest(json.dumps(said, sort_keys=True))[:KEY_DIGITS]

    @property
    def name(self) -> str:
        """As people call it."""
        varied = "".join(f", {name} {value}" for name, value in self.manifest.get("varied", {}).items())
        return f"{self.manifest['scheme']}, seed {self.manifest['seed']}{varied}"


@dataclass(frozen=True)
class Delivery:
    """A run that has ended: the files that are kept of it, and why it failed, None where it did not."""

    files: Mapping[str, bytes]
    failure: str | None
