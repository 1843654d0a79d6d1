"""A guest in wall-clock time, without instruction counting: as any virtual machine with Linux, and no root."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from testbed.engine.engine import Place, Report, Say
from testbed.engine.errors import RunFailedError
from testbed.engine.guest.following import follow
from testbed.engine.guest.recipes import recipe_for
from testbed.engine.hands.user import User
from testbed.engine.run_records import WORKSPACE
from testbed.engine.vm.emulator import WALL_CLOCK, emulator_version, machine
from testbed.engine.vm.image import RootImage, root_image
from testbed.engine.vm.initramfs import own_files, write_initramfs
from testbed.engine.vm.memory_sizes import size_for
from testbed.engine.vm.orders import write_order
from testbed.engine.vm.snapshot import machine_files
from testbed.engine.vm.vm_run import EMULATOR_LOG, in_machine
from testbed.lab.plan import Plan

TERMINAL, STREAM = "/dev/ttyS2", "/dev/ttyS3"
BOOT, OURS = "boot.py", "wall_clock_boot.py"


class WallClockVm:
    """A virtual machine for one user."""

    name = "wall-clock-vm"
    reproducible = False

    def __init__(self, user: User) -> None:
        self._user = user

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Builds the image unless it is there."""
        return Booting(await root_image(recipe_for(plan["packages"]), say), emulator_version(), self._user)


@dataclass(frozen=True)
class Booting:
    """A guest that boots for each run: there is no saved one, because its clock would be."""

    image: RootImage
    emulator: str
    user: User

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan; the user works in it meanwhile."""
        workspace = folder / WORKSPACE
        files = machine_files(self.image, workspace / "initramfs", workspace, size_for(plan["limit_s"]))

        async def carry_out(record: Callable[[int], None]) -> None:
            own = own_files()
            boot = (resources.files("testbed.engine.hands") / "guest" / OURS).read_bytes()
            write_initramfs(self.image.boot_files, files.initramfs, {**own, BOOT: boot})
            hands = {
                **plan["hands"],
                "terminal": TERMINAL if self.user.has_prompt else "",
                "stream": STREAM if self.user.stream is not None else "",
            }
            order = {"network": plan["network"], "plan": {**plan, "hands": hands}}
            write_order(files.order, order, with_code=True, more_code={"boot_of_vm.py": own[BOOT]})
            log = workspace / EMULATOR_LOG
            with contextlib.ExitStack() as stack:
                pairs = [socket.socketpair() for _ in range(2)]
                terminal, stream = ([stack.enter_context(end) for end in pair] for pair in pairs)
                ports = {"terminal": terminal[1], "stream": stream[1]}
                async with (
                    machine(files, log, incoming=False, is_saved=False, clock=WALL_CLOCK, ports=ports) as guest,
                    self.user.joined(terminal[0], stream[0], report) as joined,
                ):
                    record(guest.process.pid)
                    following = asyncio.create_task(follow(guest.process, files.progress, joined.told))
                    escaping = asyncio.create_task(joined.escaped.wait())
                    await asyncio.wait({following, escaping}, return_when=asyncio.FIRST_COMPLETED)
                    escaping.cancel()
                    if not following.done():
                        following.cancel()
                        raise RunFailedError("ended by Ctrl-]")
                    await following

        await in_machine(files, folder, carry_out)

    def identity(self) -> dict[str, str]:
        """Image, kernel and emulator."""
        return {
            "image_sha256": self.image.sha256,
            "kernel_release": self.image.kernel_release,
            "emulator": self.emulator,
        }
