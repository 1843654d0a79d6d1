"""The VM engine: every run continues a saved guest in which the network stands already."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from testbed.engine.engine import Place, Report, Say
from testbed.engine.errors import MissingRequirementError
from testbed.engine.vm.image import SCAPY, recipe_for, root_image
from testbed.engine.vm.snapshot import Snapshot, booted, prepared
from testbed.engine.vm.vm_run import run_in_guest
from testbed.lab.plan import ATTACKERS, Plan


def packages(plan: Plan) -> set[str]:
    """What a plan needs in the guest beside what every run does."""
    has_attackers = any(node["name"] in ATTACKERS for node in plan["network"]["nodes"])
    has_quenches = any(step["do"] == "quench" for step in plan["timeline"])
    return {program["package"] for program in plan["programs"]} | ({SCAPY} if has_attackers or has_quenches else set())


class VmEngine:
    """Needs no root and no kernel module; virtual time, so the same plan gives the same bytes on any machine."""

    name = "vm"
    reproducible = True

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Builds image and saved guests unless they are there."""
        try:
            recipe = recipe_for(packages(plan))
        except KeyError as error:
            what = f"no guest has all that this scenario wants at once ({error.args[0]}): leave a part of it out"
            raise MissingRequirementError(what) from None
        image = await asyncio.to_thread(root_image, recipe, say)
        return Guest(await prepared(await booted(image, say), plan["network"], say))


@dataclass(frozen=True)
class Guest:
    """A saved guest, continued for each run."""

    snapshot: Snapshot

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan in a machine of its own."""
        await run_in_guest(self.snapshot, plan, folder, report)

    def identity(self) -> dict[str, str]:
        """Digests of kernel, image, code and network, and the emulator's version."""
        return self.snapshot.identity()
