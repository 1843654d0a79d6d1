"""The kernel as a program: of Debian's source, built in a Debian tree of its own, the same bytes everywhere.

No compiler of this machine's is used, and no root. The program is static, and all that is kept of the tree.
"""

import json
import shlex
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from testbed.engine.cache import Say, cache_folder, digest, file_digest, kept
from testbed.engine.guest.bootstrap import make_tree
from testbed.engine.guest.needs import TREE_NEEDS, require
from testbed.engine.sealed import Held

COMPILER = ("bc", "bison", "flex", "gcc", "libc6-dev", "make", "xz-utils")
# Seccomp mode, which halves what a guest's system call costs, came with 6.16: so not the source of Debian 12 itself.
SOURCES = "deb http://deb.debian.org/debian trixie-backports main"
# The archive keeps some weeks' versions. Where it has this one no more, its newest is taken.
SOURCE, VERSION = "linux-source-7.3", "7.3.4-1~bpo13+1"
OUTPUTS = ("out/linux", "out/no_counter.so", "source")
INPUTS = ("build_kernel.sh", "fetch_source.sh", "kernel.config", "no_counter.c")


@dataclass(frozen=True)
class Kernel:
    """A built kernel; `source` names the package that it was built from, with its version."""

    held: Held
    sha256: str
    source: str

    @property
    def program(self) -> Path:
        """To be started."""
        return self.held.path("linux")

    @property
    def own_library(self) -> Path:
        """What every program of a guest's loads first, see `no_counter.c`."""
        return self.held.path("no_counter.so")


def inputs() -> dict[str, bytes]:
    """What the kernel is built by, by name; with the source and the compiler all that goes into it."""
    folder = resources.files("testbed.engine.uml") / "guest"
    return {name: (folder / name).read_bytes() for name in INPUTS}


def kernel_folder() -> Path:
    """Where the kernel is, or will be."""
    parts = [part for name, data in inputs().items() for part in (name, data)]
    return cache_folder() / f"kernel-{digest(SOURCE, VERSION, *COMPILER, *parts)[:12]}"


def is_ready() -> bool:
    """Whether it has been built already, and a guest of it has started on this machine."""
    return kernel_folder().is_dir() and _started().exists()


def note_start() -> None:
    """A guest has started: whoever names no engine gets this one from now on."""
    _started().touch()


def _started() -> Path:
    return kernel_folder().with_suffix(".started")


async def user_mode_linux(say: Say) -> Kernel:
    """The kernel, from the cache or built now (five minutes of two processors, 170 MB from Debian's archive).

    Raises MissingRequirementError where a program is missing, CommandError when the build fails.
    """

    async def make(folder: Path) -> None:
        require("building the kernel", TREE_NEEDS)
        say("building the kernel from Debian's source (once, five minutes or more)")
        workshop = folder / "workshop"
        workshop.mkdir()
        for name, data in inputs().items():
            (workshop / name).write_bytes(data)
        files = " ".join(shlex.quote(str(workshop / name)) for name in INPUTS)
        await make_tree(
            None,
            COMPILER,
            [
                'mkdir "$1"/build',
                f"copy-in {files} /build",
                f'chroot "$1" sh /build/fetch_source.sh {shlex.quote(SOURCES)} {SOURCE} {shlex.quote(VERSION)}',
                'chroot "$1" bash /build/build_kernel.sh',
                *(f"download /build/{name} {shlex.quote(str(folder / Path(name).name))}" for name in OUTPUTS),
            ],
        )
        shutil.rmtree(workshop)
        (folder / "linux").chmod(0o755)
        source = (folder / "source").read_text().strip()
        about = {"sha256": file_digest(folder / "linux"), "source": source}
        (folder / "about.json").write_text(json.dumps(about, indent=1))

    held = await kept(kernel_folder(), make, say)
    about = json.loads(held.path("about.json").read_text())
    if about["source"] != f"{SOURCE} {VERSION}":
        say(f"the kernel is built from {about['source']}, as Debian had no {SOURCE} {VERSION} any more")
    return Kernel(held, about["sha256"], about["source"])
