"""The guest's root images: one ext2 file each, made without root, byte for byte the same each time (genext2fs).

Each is made when the first run needs it.
"""

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from testbed.engine.cache import Say, cache_folder, file_digest, kept
from testbed.engine.errors import CommandError
from testbed.engine.guest.bootstrap import BUILD_LIMIT_S, begin_building, bootstrap
from testbed.engine.guest.build_commands import run
from testbed.engine.guest.needs import BUILD_NEEDS
from testbed.engine.guest.recipes import Recipe
from testbed.engine.sealed import Held

# Of an image whose content is not known beforehand: room for what the file system itself needs, and a round number.
ROOM_MIB, ROUND_MIB = 48, 32
INODES = 32768
BLOCK = 4096
# What the initramfs needs to reach the root image; see guest/init.
BOOT_FILES = (
    "usr/bin/busybox",
    "kernel/drivers/nvdimm/libnvdimm.ko",
    "kernel/drivers/acpi/nfit/nfit.ko",
    "kernel/drivers/nvdimm/nd_btt.ko",
    "kernel/drivers/nvdimm/nd_pmem.ko",
)


@dataclass(frozen=True)
class RootImage:
    """A built root image, whose files are open; `sha256` is that of the ext2 file."""

    held: Held
    sha256: str
    kernel_release: str
    size_mib: int

    @property
    def ext2(self) -> Path:
        """The file system, mounted read-only by the guest."""
        return self.held.path("root.ext2")

    @property
    def kernel(self) -> Path:
        """The kernel, loaded by the emulator."""
        return self.held.path("vmlinuz")

    @property
    def boot_files(self) -> dict[str, Path]:
        """What the initramfs needs, by name: busybox, and the modules for the root image."""
        return {name: self.held.path(name) for name in self.held.names if name.endswith(".ko") or name == "busybox"}


async def root_image(recipe: Recipe, say: Say) -> RootImage:
    """A root image, from the cache or built now (the plain one takes 40 s and 300 MB from Debian's archive).

    Raises MissingRequirementError where a program is missing, UnknownPackageError where Debian does not have a package,
    CommandError when the build fails or takes longer than an hour.
    """

    async def make(folder: Path) -> None:
        await begin_building("the guest's root image", recipe, BUILD_NEEDS, say)
        await build(recipe, folder)

    held = await kept(cache_folder() / f"root-{recipe.digest()[:12]}", make, say)
    about = json.loads(held.path("about.json").read_text())
    return RootImage(held, about["sha256"], about["kernel_release"], recipe.size_mib or about["size_mib"])


async def build(recipe: Recipe, folder: Path) -> None:
    """Fills `folder` with root.ext2, vmlinuz, modules and busybox for the initramfs, packages.txt, about.json."""
    archive = folder / "root.tar"
    await bootstrap(recipe, archive, folder)
    size_mib, inodes = (recipe.size_mib, INODES) if recipe.size_mib else room_for(archive)
    size = str(size_mib * 256)
    await run(
        [
            *("genext2fs", "--tarball", str(archive), "--block-size", "4096", "--size-in-blocks", size),
            *("--number-of-inodes", str(inodes), "--reserved-percentage", "0", "--faketime", str(folder / "root.ext2")),
        ],
        limit_s=BUILD_LIMIT_S,
    )
    release = take_boot_files(archive, (*BOOT_FILES, *recipe.file_system), folder)
    archive.unlink()
    about = {"sha256": file_digest(folder / "root.ext2"), "kernel_release": release, "size_mib": size_mib}
    (folder / "about.json").write_text(json.dumps(about, indent=1))


def room_for(archive: Path) -> tuple[int, int]:
    """How large a file system has to be for what is in an archive: MiB, and inodes."""
    with tarfile.open(archive) as tar:
        sizes = [member.size for member in tar]
    blocks = sum(1 + -(-size // BLOCK) for size in sizes)
    mib = -(-blocks * BLOCK // 1024**2) + ROOM_MIB
    return -(-mib // ROUND_MIB) * ROUND_MIB, max(INODES, 2 * len(sizes))


def take_boot_files(archive: Path, boot_files: tuple[str, ...], folder: Path) -> str:
    """Copies kernel, busybox and the modules for the root image out of the archive; returns the kernel's release."""
    release = ""
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.parent.name == "boot" and path.name.startswith("vmlinuz-"):
                release = path.name.removeprefix("vmlinuz-")
                target = "vmlinuz"
            elif any(path.match(pattern) for pattern in boot_files):
                target = path.name
            else:
                continue
            source = tar.extractfile(member)
            if source is not None:
                (folder / target).write_bytes(source.read())
    if not release:
        raise CommandError(["mmdebstrap"], 0, "the archive holds no kernel")
    return release
