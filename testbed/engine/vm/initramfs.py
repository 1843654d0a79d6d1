"""The small file system that the kernel starts from: busybox, the modules that it needs, and our two programs."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from testbed.engine.errors import CommandError
from testbed.engine.guest.recipes import EPOCH

OWN_FILES = ("init", "boot.py")


def own_files() -> dict[str, bytes]:
    """The programs that we put into the guest, by name; part of what a snapshot is named by."""
    folder = resources.files("testbed.engine.vm") / "guest"
    return {name: (folder / name).read_bytes() for name in OWN_FILES}


def write_initramfs(files: Mapping[str, Path], target: Path, programs: Mapping[str, bytes] | None = None) -> None:
    """Writes the archive (cpio, newc, uncompressed) of an image's busybox and modules, by name, and our own files.

    `programs` are others instead of those, by the same names. The same input gives the same bytes.
    """
    tree = target.with_suffix(".tree")
    for folder in ("bin", "lib", "dev", "proc", "sys", "mnt"):
        (tree / folder).mkdir(parents=True)
    for name, path in files.items():
        shutil.copyfile(path, tree / ("lib" if name.endswith(".ko") else "bin") / name)
    for name, data in (programs or own_files()).items():
        (tree / name).write_bytes(data)
    for path in [tree, *tree.rglob("*")]:
        is_program = path.is_dir() or path.name in {"init", "busybox"}
        path.chmod(0o755 if is_program else 0o644)  # whatever the umask of the person who builds
    (tree / "bin" / "sh").symlink_to("busybox")
    names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
    for name in [*names, "."]:
        os.utime(tree / name, (EPOCH, EPOCH), follow_symlinks=False)
    argv = ["cpio", "--create", "--format=newc", "--reproducible", "--owner=0:0", "--quiet"]
    with target.open("wb") as archive:
        done = subprocess.run(
            argv, cwd=tree, input="\n".join(names).encode(), stdout=archive, stderr=subprocess.PIPE, check=False
        )
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr.decode())
    shutil.rmtree(tree)
