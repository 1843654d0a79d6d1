"""The guest's root file system as a folder of the host's, which it may only read; made without root."""

import os
import tarfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from testbed.engine.cache import Say, cache_folder, digest, kept
from testbed.engine.errors import RunFailedError
from testbed.engine.guest.bootstrap import begin_building, bootstrap
from testbed.engine.guest.needs import TREE_NEEDS
from testbed.engine.guest.recipes import Recipe
from testbed.engine.sealed import Held

# Our own programs in it, and where they are.
PROGRAMS = {"init.py": "init.py", "modprobe": "usr/sbin/modprobe"}
# What is loaded into every program there.
LIBRARY, LOADED = "usr/lib/no_counter.so", "etc/ld.so.preload"
# Where the guest mounts what is its own: they have to be there.
MOUNT_POINTS = ("code", "dev", "mnt", "proc", "run", "sys", "tmp")


@dataclass(frozen=True)
class RootTree:
    """A root file system; `sha256` is that of all its names, permissions and contents."""

    held: Held
    sha256: str

    @property
    def folder(self) -> Path:
        """To be the guest's /."""
        return self.held.path("root")


def own_programs() -> dict[str, bytes]:
    """Our own programs, by where they are in it."""
    folder = resources.files("testbed.engine.uml") / "guest"
    return {path: (folder / name).read_bytes() for name, path in PROGRAMS.items()}


async def root_tree(recipe: Recipe, library: Path, say: Say) -> RootTree:
    """A root file system, from the cache or built now; errors as of the VM engine's root images.

    `library` is loaded into every program.
    """
    recipe = recipe.without_kernel()
    own = {**own_programs(), LIBRARY: library.read_bytes(), LOADED: f"/{LIBRARY}\n".encode()}

    async def make(folder: Path) -> None:
        await begin_building("the guest's root file system", recipe, TREE_NEEDS, say)
        archive = folder / "root.tar"
        await bootstrap(recipe, archive, folder)
        unpack(archive, folder / "root")
        archive.unlink()
        for path, data in own.items():
            (folder / "root" / path).write_bytes(data)
            (folder / "root" / path).chmod(0o755)

    parts = [part for path, data in own.items() for part in (path, data)]
    held = await kept(cache_folder() / f"tree-{digest(recipe.digest(), *parts)[:12]}", make, say)
    return RootTree(held, held.sha256("root"))


def unpack(archive: Path, root: Path) -> None:
    """Writes what is in an archive below `root`, as this user's, who may read it all; devices are left out.

    Nobody's files but Debian's are in it, but where they would lie outside, RunFailedError is raised.
    """
    root.mkdir()
    later: list[tuple[Path, float]] = []
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise RunFailedError(f"the archive has a file outside: {member.name}")
            target = root / name
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
                later.append((target, member.mtime))
            elif member.issym():
                target.symlink_to(member.linkname)
                os.utime(target, (member.mtime, member.mtime), follow_symlinks=False)
            elif member.islnk():
                target.hardlink_to(root / member.linkname)
            elif member.isfile() and (source := tar.extractfile(member)) is not None:
                with target.open("wb") as file:
                    while data := source.read(1 << 20):
                        file.write(data)
                target.chmod(member.mode & 0o777 | 0o600)
                os.utime(target, (member.mtime, member.mtime))
    for point in MOUNT_POINTS:
        (root / point).mkdir(exist_ok=True)
    for folder, mtime in reversed(later):
        folder.chmod(0o755)
        os.utime(folder, (mtime, mtime))
