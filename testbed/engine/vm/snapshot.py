"""A guest that has booted and warmed up, saved once and continued for every run."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testbed.engine.cache import building, cache_folder, digest, file_digest
from testbed.engine.errors import RunFailedError
from testbed.engine.vm.image import SIZE_MIB, RootImage
from testbed.engine.vm.initramfs import own_files, write_initramfs
from testbed.engine.vm.machine import MachineFiles, arguments, emulator_version, last_line, machine

BOOT_LIMIT_S = 600.0  # wall time; 15 s on an idle machine


@dataclass(frozen=True)
class Snapshot:
    """A saved guest and what it was made from."""

    folder: Path
    image: RootImage
    emulator: str

    @property
    def state(self) -> Path:
        """The saved state of CPU, memory and devices."""
        return self.folder / "state"

    def files(self, workspace: Path) -> MachineFiles:
        """The files for a machine that continues this snapshot; what it writes goes to `workspace`."""
        return MachineFiles(
            kernel=self.image.kernel,
            initramfs=self.folder / "initramfs",
            root=self.image.ext2,
            root_mib=SIZE_MIB,
            payload=workspace / "payload",
            outcome=workspace / "outcome",
            console=workspace / "console",
            progress=workspace / "progress",
        )

    def identity(self) -> dict[str, str]:
        """What a manifest says of the guest; equal identities give equal bytes."""
        about: dict[str, str] = json.loads((self.folder / "about.json").read_text())
        return about


async def snapshot(image: RootImage, say: Callable[[str], None]) -> Snapshot:
    """The snapshot for this image and emulator, from the cache or made now (about 15 s).

    Raises RunFailedError, with the guest's console, when the guest does not come up.
    """
    emulator = emulator_version()
    nowhere = Path("/")
    shape = arguments(MachineFiles(nowhere, nowhere, nowhere, SIZE_MIB, nowhere, nowhere, nowhere, nowhere))
    name = digest(image.sha256, emulator, *own_files().values(), *shape)
    folder = cache_folder() / f"guest-{name[:12]}"
    made = Snapshot(folder, image, emulator)
    if not folder.exists():
        with building(folder) as unfinished:
            if not folder.exists():
                say("starting the guest and saving its state (once, about 15 seconds)")
                await make(Snapshot(unfinished, image, emulator), name)
    return made


async def make(made: Snapshot, name: str) -> None:
    """Boots the guest, waits until it is frozen, saves it."""
    write_initramfs(made.image.folder, made.folder / "initramfs")
    workspace = made.folder / "workspace"
    workspace.mkdir()
    log = workspace / "emulator.log"
    try:
        async with machine(made.files(workspace), log, incoming=False) as booting:
            await booting.save_when_frozen(made.state, BOOT_LIMIT_S)
    except RunFailedError as error:
        raise RunFailedError(f"{error}; its console ends with: {last_line(workspace / 'console')}") from error
    about = {
        "image_sha256": made.image.sha256,
        "kernel_release": made.image.kernel_release,
        "kernel_sha256": file_digest(made.image.kernel),
        "initramfs_sha256": file_digest(made.folder / "initramfs"),
        "emulator": made.emulator,
        "snapshot": name,
    }
    (made.folder / "about.json").write_text(json.dumps(about, indent=1))
    shutil.rmtree(workspace)
