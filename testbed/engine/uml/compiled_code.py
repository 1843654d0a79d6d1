"""Our code as the guest finds it, with byte code that a guest has made."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from testbed.engine.cache import Say, cache_folder, digest, kept, note_use, remove_oldest
from testbed.engine.errors import MissingRequirementError
from testbed.engine.guest.following import last_line
from testbed.engine.guest.guest_code import guest_code
from testbed.engine.sealed import Held
from testbed.engine.uml.built_kernel import Kernel, note_start
from testbed.engine.uml.root_tree import RootTree
from testbed.engine.uml.started_kernel import machine

# Some megabytes each, and every change of the code makes one for each root file system.
KEPT = 12
# A guest reads its code while it runs, and its folder may not go meanwhile, however many others are made.
UNUSED_S = 24 * 3600.0
FORBIDDEN = (
    "User-Mode Linux does not start here ({said}): allow ptrace or seccomp(2), as `--security-opt seccomp=unconfined`"
    " does for a container, or use --engine vm"
)


@dataclass(frozen=True)
class Code:
    """The code of the guest; `sha256` is that of what it is made from, `kept_in` its folder of the cache."""

    held: Held
    sha256: str
    kept_in: Path

    @property
    def folder(self) -> Path:
        """To be the guest's /code."""
        return self.held.path("code")


def order_program() -> bytes:
    """What the guest carries out first of our code."""
    return (resources.files("testbed.engine.uml") / "guest" / "one_order.py").read_bytes()


def code_files() -> dict[str, bytes]:
    """All of our code that the guest gets, by name."""
    return {**guest_code(), "one_order.py": order_program()}


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest that a manifest has as `guest_code_sha256`."""
    return digest(*(part for name, data in files.items() for part in (name, data)))


async def compiled_code(kernel: Kernel, tree: RootTree, say: Say) -> Code:
    """The code, from the cache or made now (2 s); raises MissingRequirementError where no guest can be started."""
    files = code_files()
    sha256 = digest_of(files)

    async def make(folder: Path) -> None:
        say("compiling our code in the guest (once for each change of it)")
        for name, data in files.items():
            path = folder / "code" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            workspace = Path(name)
            lay_out(workspace, tree, folder / "code", {})
            async with machine(kernel.program, workspace, 0, "auto") as process:
                await process.wait()
            if not any((folder / "code").rglob("*.pyc")):
                raise MissingRequirementError(FORBIDDEN.format(said=last_line(workspace / "console")))

    final = cache_folder() / f"code-{digest(kernel.sha256, tree.sha256, sha256)[:12]}"
    held = await kept(final, make, say)
    note_start()
    note_use(final)
    remove_oldest("code-", KEPT, unused_s=UNUSED_S)
    return Code(held, sha256, final)


def lay_out(workspace: Path, tree: RootTree, code: Path, order: dict[str, object]) -> None:
    """What a guest finds in the folder that it is started in."""
    for name, target in (("root", tree.folder), ("code", code)):
        (workspace / name).symlink_to(target.resolve())  # the guest's kernel follows one link, and no more
    (workspace / "order.json").write_text(json.dumps(order, sort_keys=True))
