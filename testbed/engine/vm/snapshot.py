"""Saved guests: one that has booted, and from it one for each version of our code and each network, ready to run."""

import json
import mmap
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.engine.cache import Say, cache_folder, digest, file_digest, kept, note_use, remove_oldest
from testbed.engine.errors import RunFailedError
from testbed.engine.guest.following import last_line
from testbed.engine.sealed import Held
from testbed.engine.vm.emulator import MachineFiles, arguments, emulator_version, machine
from testbed.engine.vm.image import RootImage
from testbed.engine.vm.initramfs import own_files, write_initramfs
from testbed.engine.vm.memory_sizes import USUAL, MemorySize
from testbed.engine.vm.orders import code_digest, write_order

STATE_VERSION = "3"
# A subsection's mark, its name's length, its name, its version; then the clock's offset to the count, and the count.
COUNT_SECTION = b"\x05\x0ctimer/icount\x00\x00\x00\x01"
COUNT = struct.Struct(">qq")
BOOT_LIMIT_S = 600.0  # wall time; 15 s on an idle machine
# Prepared guests are 160 MB each, and every change of the code makes one for each network. The tests use a dozen.
PREPARED_KEPT = 12


@dataclass(frozen=True)
class Snapshot:
    """A saved guest, `name` in the cache, whose files are open; its initramfs is in those of the `boot`."""

    name: str
    held: Held
    boot: Held
    image: RootImage
    memory: MemorySize

    @property
    def state(self) -> Path:
        """The saved state of CPU, memory and devices."""
        return self.held.path("state")

    def files(self, workspace: Path) -> MachineFiles:
        """The files for a machine that continues this snapshot; what it writes goes to `workspace`."""
        return machine_files(self.image, self.boot.path("initramfs"), workspace, self.memory)

    def identity(self) -> dict[str, str]:
        """What a manifest says of the guest; equal identities give equal bytes."""
        about: dict[str, str] = json.loads(self.held.path("about.json").read_text())
        return about


def machine_files(image: RootImage, initramfs: Path, workspace: Path, memory: MemorySize = USUAL) -> MachineFiles:
    """The files for a machine that boots from this image; what it writes goes to `workspace`."""
    return MachineFiles(
        kernel=image.kernel,
        initramfs=initramfs,
        root=image.ext2,
        root_mib=image.size_mib,
        order=workspace / "order",
        outcome=workspace / "outcome",
        console=workspace / "console",
        progress=workspace / "progress",
        memory=memory,
    )


async def booted(image: RootImage, say: Say, memory: MemorySize = USUAL) -> Snapshot:
    """A guest with so much memory that has booted and warmed up, from the cache or made now (about 15 s).

    Raises RunFailedError, with the guest's console, when it does not come up.
    """
    emulator = emulator_version()
    nowhere = Path("/")
    shape = arguments(
        MachineFiles(nowhere, nowhere, nowhere, image.size_mib, nowhere, nowhere, nowhere, nowhere, memory)
    )
    named = digest(STATE_VERSION, image.sha256, emulator, *own_files().values(), *shape)
    name = f"booted-{named[:12]}"

    async def make(folder: Path) -> None:
        say("starting the guest and saving its state (once, about 15 seconds)")
        initramfs = folder / "initramfs"
        write_initramfs(image.boot_files, initramfs)
        frozen_ns = await save(folder, machine_files(image, initramfs, workspace_in(folder), memory))
        about = {
            "image_sha256": image.sha256,
            "kernel_release": image.kernel_release,
            "kernel_sha256": file_digest(image.kernel),
            "initramfs_sha256": file_digest(initramfs),
            "emulator": emulator,
            "booted_at_ns": str(frozen_ns),
        }
        (folder / "about.json").write_text(json.dumps(about, indent=1))

    held = await kept(cache_folder() / name, make, say)
    return Snapshot(name, held, held, image, memory)


async def prepared(boot: Snapshot, network: dict[str, Any], say: Say) -> Snapshot:
    """A guest with our code loaded and `network` built, from the cache or made now (about 5 s)."""
    code, net = code_digest(), digest(json.dumps(network, sort_keys=True))
    name = f"prepared-{digest(boot.name, code, net)[:12]}"

    async def make(folder: Path) -> None:
        say(f"building the network {network['name']} in the guest (once for each change of the code)")
        files = boot.files(workspace_in(folder))
        write_order(files.order, {"network": network}, with_code=True)
        frozen_ns = await save(folder, files, since=boot)
        about = {
            **boot.identity(), "guest_code_sha256": code, "network_sha256": net, "prepared_at_ns": str(frozen_ns),
        }  # fmt: skip
        (folder / "about.json").write_text(json.dumps(about, indent=1))

    folder = cache_folder() / name
    held = await kept(folder, make, say)
    note_use(folder)
    remove_oldest("prepared-", PREPARED_KEPT)
    return Snapshot(name, held, boot.held, boot.image, boot.memory)


def workspace_in(folder: Path) -> Path:
    """A new folder for what a machine writes while it is made."""
    workspace = folder / "workspace"
    workspace.mkdir()
    return workspace


async def save(folder: Path, files: MachineFiles, *, since: Snapshot | None = None) -> int:
    """Runs a guest, from its boot or on from `since`, until it has itself frozen; its state is then in `folder`.

    Returns what the guest's clock says then, in ns: the same whenever the same state has been made.
    """
    workspace, state = files.console.parent, folder / "state"
    try:
        async with machine(files, workspace / "emulator.log", incoming=since is not None, is_saved=True) as guest:
            if since is not None:
                await guest.restore(since.state)
            await guest.save_when_frozen(state, BOOT_LIMIT_S)
        frozen_ns = restart_count(state)
    except RunFailedError as error:
        raise RunFailedError(f"{error}; its console ends with: {last_line(files.console)}") from error
    shutil.rmtree(workspace)
    return frozen_ns


def restart_count(state: Path) -> int:
    """Has a saved machine count its instructions from 0 again; its clock, their sum with an offset, stays as it is.

    Returns that clock, in ns.

    An emulator that records (see TAKE_TURNS) notes how far the count has come since the last time in an int of C's
    (replay/replay-internal.c, replay_advance_current_icount). The first time after a restore that is the whole count:
    where the upper half of 32 bits is reached, the emulator takes it for a step back and ends.

    Raises RunFailedError where the state is not as QEMU 7 writes it (softmmu/cpu-timers.c, icount_vmstate_timers).
    """
    with state.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        at = data.find(COUNT_SECTION)
        if at < 0 or data.find(COUNT_SECTION, at + 1) >= 0:
            raise RunFailedError("the emulator's state has no count of instructions where it is looked for")
        at += len(COUNT_SECTION)
        offset_ns, count = COUNT.unpack_from(data, at)
        clock_ns: int = offset_ns + count
        COUNT.pack_into(data, at, clock_ns, 0)
    return clock_ns
