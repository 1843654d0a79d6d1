"""The VM engine: every run continues the same saved guest."""

import asyncio
from pathlib import Path

from testbed.engine.engine import Report, Say
from testbed.engine.vm.image import root_image
from testbed.engine.vm.run import run_in_guest
from testbed.engine.vm.snapshot import Snapshot, snapshot
from testbed.lab.plan import Plan


class VmEngine:
    """Needs no root and no kernel module; virtual time, so the same plan gives the same bytes on any machine."""

    name = "vm"
    reproducible = True

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None

    async def prepare(self, plan: Plan, say: Say) -> None:
        """Builds image and snapshot unless they are there."""
        image = await asyncio.to_thread(root_image, say)
        self._snapshot = await snapshot(image, say)

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan in a guest of its own."""
        await run_in_guest(self._ready, plan, folder, report)

    def identity(self) -> dict[str, str]:
        """Digests of kernel and image, and the emulator's version."""
        return self._ready.identity()

    @property
    def _ready(self) -> Snapshot:
        if self._snapshot is None:
            raise RuntimeError("prepare first")
        return self._snapshot
