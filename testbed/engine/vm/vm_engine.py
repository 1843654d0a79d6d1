"""The VM engine: every run continues a saved guest in which the network stands already."""

from dataclasses import dataclass
from pathlib import Path

from testbed.engine.engine import Place, Report, Say
from testbed.engine.guest.recipes import recipe_for
from testbed.engine.vm.image import root_image
from testbed.engine.vm.memory_sizes import size_for
from testbed.engine.vm.snapshot import Snapshot, booted, prepared
from testbed.engine.vm.vm_run import run_in_guest
from testbed.lab.plan import Plan


class VmEngine:
    """Needs no root and no kernel module; virtual time, so the same plan gives the same bytes on any machine."""

    name = "vm"
    reproducible = True

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Builds image and saved guests unless they are there."""
        image = await root_image(recipe_for(plan["packages"]), say)
        boot = await booted(image, say, size_for(plan["limit_s"]))
        return Guest(await prepared(boot, plan["network"], say))


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
