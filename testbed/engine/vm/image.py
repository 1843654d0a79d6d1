"""The guest's root images: Debian packages in one ext2 file, made without root, byte for byte the same each time.

Three are always the same: the plain one, one with phones and servers that others wrote, and one with a kernel that has
802.11. Whatever else a run needs is put into one of its own. Each is made when the first run needs it.

Built by mmdebstrap (user namespaces, or root) and genext2fs. The same package versions give the same bytes; which
versions Debian's archive gives on the day of building stands in `packages.txt` and, through the image's digest, in
every manifest.
"""

import json
import os
import shlex
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path, PurePosixPath

from testbed.engine.cache import Say, cache_folder, digest, file_digest, kept
from testbed.engine.errors import CommandError
from testbed.engine.sealed import Held
from testbed.engine.vm.build_commands import run
from testbed.engine.vm.debian import ARCHIVE_LIMIT_S, SUITE, lacking, require_packages
from testbed.engine.vm.needs import BUILD_NEEDS, KEYRING, require

# The guest's sources.list, byte for byte, and what Debian's own mmdebstrap would take: the host may be no Debian.
MIRRORS = """\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://security.debian.org/debian-security bookworm-security main"""
KERNEL = "linux-image-cloud-amd64"
PACKAGES = (
    "busybox-static",
    "dnsmasq-base",
    "iproute2",
    "kmod",
    "libgsm1",
    "mininet",
    "nftables",
    "procps",
    "python3",
    "python3-scapy",  # forges packets for attackers and for routers that quench
    "tcpdump",
    "tiny-initramfs",  # satisfies the kernel's dependency; ours is made by initramfs.py
)
# Python libraries of the lab and the agents, from the same pinned wheels as on the host.
LIBRARIES = ("pyroute2",)
LEFT_OUT = tuple(
    f"/usr/share/{name}/*" for name in ("doc", "man", "locale", "info", "lintian", "bash-completion", "bug")
)
# Newer time stamps are set to this one. 2026-01-01T00:00:00Z, when the guest's clock starts too.
EPOCH = 1767225600
RECIPE_VERSION = 3
# A slow line takes some minutes for its 100 to 300 MB.
BUILD_LIMIT_S = 3600.0
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
# Where the file system is no part of the kernel; those before come first.
FILE_SYSTEM = tuple(
    f"kernel/{name}.ko" for name in ("lib/crc16", "crypto/crc32c_generic", "fs/mbcache", "fs/jbd2/jbd2", "fs/ext4/ext4")
)
# What others wrote: the nodes of a run that are not our agents. One image holds them all.
FOREIGN_PACKAGES = ("baresip-core", "kamailio", "linphone-cli", "rtpengine-daemon", "sip-tester")
# What comes with them and is for pictures on screens: a third of their size.
FOREIGN_LEFT_OUT = (
    *("/usr/share/fonts/*", "/usr/share/icons/*", "/usr/share/X11/*"),
    *(f"/usr/lib/x86_64-linux-gnu/{name}" for name in ("dri/*", "libLLVM-*", "libmfxhw64*", "libz3*", "mfx/*")),
)
# The 802.11 stack and what runs it. The kernel for real machines has it; of its drivers, only what a run needs is kept.
RADIO_KERNEL = "linux-image-amd64"
RADIO_PACKAGES = ("hostapd", "iw", "wpasupplicant")
RADIO_LEFT_OUT = tuple(f"/lib/modules/*/kernel/{name}/*" for name in ("drivers", "fs", "sound"))
RADIO_KEPT = tuple(
    f"/lib/modules/*/kernel/{name}"
    for name in (
        *("drivers/nvdimm/*", "drivers/acpi/nfit/*", "drivers/net/veth.ko", "drivers/virtio/virtio*"),
        *("drivers/net/wireless/mac80211_hwsim.ko", "fs/ext4/*", "fs/jbd2/*", "fs/mbcache.ko"),
    )
)


@dataclass(frozen=True)
class Recipe:
    """What a root image is made of; `duration` is in words, `size_mib` None where it follows from the packages.

    `left_out` are paths of files that its packages bring, but for those that are `kept`. `file_system` are modules
    without which the kernel can't read the image.
    """

    kernel: str
    packages: tuple[str, ...]
    left_out: tuple[str, ...]
    size_mib: int | None
    duration: str
    kept: tuple[str, ...] = ()
    file_system: tuple[str, ...] = ()

    def digest(self) -> str:
        """Names the image by what goes in: packages, libraries with versions, this recipe."""
        versions = [f"{name}=={metadata.version(name)}" for name in LIBRARIES]
        size, epoch, version = str(self.size_mib), str(EPOCH), str(RECIPE_VERSION)
        paths = (*self.left_out, "but", *self.kept, *self.file_system)
        return digest(SUITE, self.kernel, *self.packages, *versions, *paths, epoch, size, version)


PLAIN = Recipe(KERNEL, PACKAGES, LEFT_OUT, 448, "about a minute")
WITH_FOREIGN = Recipe(KERNEL, (*PACKAGES, *FOREIGN_PACKAGES), (*LEFT_OUT, *FOREIGN_LEFT_OUT), 640, "about two minutes")
WITH_RADIOS = Recipe(
    RADIO_KERNEL,
    (*PACKAGES, *RADIO_PACKAGES),
    (*LEFT_OUT, *RADIO_LEFT_OUT),
    512,
    "about two minutes",
    RADIO_KEPT,
    FILE_SYSTEM,
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


def recipe_for(packages: Iterable[str]) -> Recipe:
    """The smallest image that has these packages and what every run needs: one of the three, or one of its own."""
    wanted = set(packages)
    for recipe in (PLAIN, WITH_FOREIGN, WITH_RADIOS):
        if wanted <= set(recipe.packages):
            return recipe
    base = WITH_RADIOS if wanted & set(RADIO_PACKAGES) else PLAIN
    left_out = (*base.left_out, *(FOREIGN_LEFT_OUT if wanted & set(FOREIGN_PACKAGES) else ()))
    more = sorted(wanted - set(base.packages))
    return replace(
        base, packages=(*base.packages, *more), left_out=left_out, size_mib=None, duration="some minutes at most"
    )


def unknown_packages(packages: Iterable[str]) -> dict[str, str] | None:
    """`lacking`, of an image with these packages; of the images that are always the same nothing is asked."""
    return lacking(packages) if recipe_for(packages).size_mib is None else {}


async def root_image(recipe: Recipe, say: Say) -> RootImage:
    """A root image, from the cache or built now (the plain one takes 40 s and 300 MB from Debian's archive).

    Raises MissingRequirementError where a program is missing, UnknownPackageError where Debian does not have a package,
    CommandError when the build fails or takes longer than an hour.
    """

    async def make(folder: Path) -> None:
        require("building the guest", BUILD_NEEDS)
        if recipe.size_mib is None:
            say(f"asking Debian for its packages (at most {ARCHIVE_LIMIT_S:.0f} s)")
            await require_packages(recipe.packages)
        more = ", ".join(package for package in recipe.packages if package not in PACKAGES)
        what = f"the guest's root image with {more}" if more else "the guest's root image"
        say(f"building {what} from Debian packages (once, {recipe.duration})")
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


async def bootstrap(recipe: Recipe, archive: Path, folder: Path) -> None:
    """Writes the root file system as a tar archive."""
    libraries = folder / "libraries"
    libraries.mkdir()
    for name in LIBRARIES:
        copy_library(name, libraries)
    hooks = [
        # made anew by every kernel installation, with random names inside; we boot our own
        'rm -f "$1"/boot/initrd.img-* "$1"/initrd.img*',
        f"copy-in {shlex.quote(str(libraries))}/. /usr/lib/python3/dist-packages",
        # byte code once, in a stable form, so that agents start quickly
        f'SOURCE_DATE_EPOCH={EPOCH} chroot "$1" python3 -m compileall -q -j1 --invalidation-mode unchecked-hash '
        "/usr/lib/python3/dist-packages /usr/lib/python3.11",
        # not whoever builds, nor with that person's umask
        'chown -R 0:0 "$1"/usr/lib/python3/dist-packages && chmod -R u=rwX,go=rX "$1"/usr/lib/python3*',
        'mkdir -p "$1"/mnt "$1"/run "$1"/tmp',
        'chroot "$1" dpkg-query --show > "$1"/packages.txt',
        f"download /packages.txt {shlex.quote(str(folder / 'packages.txt'))}",
    ]
    # Root's mounts would be this machine's own, and stay when it is killed; others have a namespace for them anyway.
    is_root = os.geteuid() == 0
    mode, start = ("root", ["unshare", "--mount", "--"]) if is_root else ("unshare", [])
    await run(
        [*start, "mmdebstrap", f"--mode={mode}", "--variant=apt", "--format=tar", "--quiet", f"--keyring={KEYRING}"]
        + ["--aptopt=APT::Install-Recommends false"]
        + [f"--dpkgopt=path-exclude={path}" for path in recipe.left_out]
        + [f"--dpkgopt=path-include={path}" for path in recipe.kept]
        + [f"--include={','.join((recipe.kernel, *recipe.packages))}"]
        + [f"--customize-hook={hook}" for hook in hooks]
        + [SUITE, str(archive), MIRRORS],
        limit_s=BUILD_LIMIT_S,
        env={"SOURCE_DATE_EPOCH": str(EPOCH)},
    )
    shutil.rmtree(libraries)


def copy_library(name: str, folder: Path) -> None:
    """Copies an installed pure-Python distribution's files, without byte code, scripts, and what pip notes about them.

    Those notes say how it was installed here; on another machine they are others, and so would be the image.
    """
    distribution = metadata.distribution(name)
    for file in distribution.files or []:
        relative = PurePosixPath(file)
        is_note = any(part.endswith(".dist-info") for part in relative.parts)
        if relative.suffix == ".pyc" or is_note or relative.is_absolute() or ".." in relative.parts:
            continue
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(str(file.locate())), target)


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
