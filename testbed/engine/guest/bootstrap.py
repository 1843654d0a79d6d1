"""A guest's root file system from Debian packages, by mmdebstrap (user namespaces, or root), as a tar archive.

The same package versions give the same bytes; which versions Debian's archive gives on the day of building stands in
`packages.txt` and, through the image's digest, in every manifest.
"""

import os
import shlex
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path, PurePosixPath

from testbed.engine.cache import Say
from testbed.engine.guest.build_commands import run
from testbed.engine.guest.debian import ARCHIVE_LIMIT_S, SUITE, require_packages
from testbed.engine.guest.needs import KEYRING, Need, require
from testbed.engine.guest.recipes import EPOCH, LIBRARIES, PACKAGES, Recipe

# The guest's sources.list, byte for byte, and what Debian's own mmdebstrap would take: the host may be no Debian.
MIRRORS = """\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://security.debian.org/debian-security bookworm-security main"""
# A slow line takes some minutes for its 100 to 300 MB.
BUILD_LIMIT_S = 3600.0


async def begin_building(what: str, recipe: Recipe, needs: Sequence[Need], say: Say) -> None:
    """Says what is going to be built, once it is sure that it can be.

    Raises MissingRequirementError where a program is missing, UnknownPackageError where Debian lacks a package.
    """
    require("building the guest", needs)
    if recipe.is_own:
        say(f"asking Debian for its packages (at most {ARCHIVE_LIMIT_S:.0f} s)")
        await require_packages(recipe.packages)
    more = ", ".join(package for package in recipe.packages if package not in PACKAGES)
    said = f"{what} with {more}" if more else what
    say(f"building {said} from Debian packages (once, {recipe.duration})")


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
        # mmdebstrap(1) copies this machine's: others would have another image, and phones would ask its name servers
        'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf',
        'mkdir -p "$1"/mnt "$1"/run "$1"/tmp',
        'chroot "$1" dpkg-query --show > "$1"/packages.txt',
        f"download /packages.txt {shlex.quote(str(folder / 'packages.txt'))}",
    ]
    options = [f"--dpkgopt=path-exclude={path}" for path in recipe.left_out]
    options += [f"--dpkgopt=path-include={path}" for path in recipe.kept]
    await make_tree(archive, recipe.all_packages, hooks, options)
    shutil.rmtree(libraries)


async def make_tree(
    archive: Path | None, packages: Sequence[str], hooks: Sequence[str], options: Sequence[str] = ()
) -> None:
    """A Debian tree with these packages, in which `hooks` are run (mmdebstrap(1)): an archive, or nothing is kept."""
    # Root's mounts would be this machine's own, and stay when it is killed; others have a namespace for them anyway.
    is_root = os.geteuid() == 0
    mode, start = ("root", ["unshare", "--mount", "--"]) if is_root else ("unshare", [])
    kind, target = ("null", "-") if archive is None else ("tar", str(archive))
    await run(
        [*start, "mmdebstrap", f"--mode={mode}", "--variant=apt", f"--format={kind}", "--quiet"]
        + [f"--keyring={KEYRING}", "--aptopt=APT::Install-Recommends false", *options]
        + [f"--include={','.join(packages)}"]
        + [f"--customize-hook={hook}" for hook in hooks]
        + [SUITE, target, MIRRORS],
        limit_s=BUILD_LIMIT_S,
        env={"SOURCE_DATE_EPOCH": str(EPOCH)},
    )


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
