"""The quick engine: every run boots a guest of its own, in an eighth of a second."""

import contextlib
import json
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

from testbed.engine.cache import note_use
from testbed.engine.engine import Place, Report, Say
from testbed.engine.errors import MissingRequirementError, RunFailedError
from testbed.engine.guest.following import console_end, follow, keep_logs, settle
from testbed.engine.guest.needs import require
from testbed.engine.guest.recipes import recipe_for
from testbed.engine.run_records import WORKSPACE, recorded
from testbed.engine.uml.built_kernel import Kernel, user_mode_linux
from testbed.engine.uml.compiled_code import Code, compiled_code, lay_out
from testbed.engine.uml.root_tree import RootTree, root_tree
from testbed.engine.uml.started_kernel import UML_NEEDS, Seccomp, machine
from testbed.lab.plan import Plan

# Goes with the workspace: on a disk that fills up meanwhile there is room to say so.
RESERVE_BYTES = 1 << 21


class UmlEngine:
    """Needs no root and no kernel module; virtual time, in which computing takes none."""

    name = "uml"
    reproducible = True

    def __init__(self, seccomp: Seccomp = "auto") -> None:
        self._seccomp = seccomp

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Builds kernel, root file system and byte code unless they are there."""
        require("running the guest", UML_NEEDS)
        kernel = await user_mode_linux(say)
        tree = await root_tree(recipe_for(plan["packages"]), kernel.own_library, say)
        return UmlGuest(kernel, tree, await compiled_code(kernel, tree, say), self._seccomp)


@dataclass(frozen=True)
class UmlGuest:
    """What every guest of these packages is made of."""

    kernel: Kernel
    tree: RootTree
    code: Code
    seccomp: Seccomp

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan in a machine of its own; raises RunFailedError, with the end of the guest's console."""
        workspace = folder.resolve() / WORKSPACE  # the guest has it as its own folder
        note_use(self.code.kept_in)
        try:
            with recorded(folder) as record:
                workspace.mkdir(parents=True)
                (workspace / "reserve").write_bytes(bytes(RESERVE_BYTES))
                try:
                    lay_out(workspace, self.tree, self.code.folder, {"plan": plan})
                    try:
                        async with machine(self.kernel.program, workspace, radios_of(plan), self.seccomp) as process:
                            record(process.pid)
                            await follow(process, workspace / "progress", report)
                    finally:
                        fault = take_over(workspace, folder)
                    settle_whole(folder, fault)
                except RunFailedError as error:
                    raise RunFailedError(f"{error}; {console_end(workspace / 'console')}") from error
                finally:
                    with contextlib.suppress(OSError):  # a full disk: it is told already
                        keep_logs(workspace, folder / "logs")
                    shutil.rmtree(workspace)
        except MissingRequirementError as error:  # there was room for the guest's memory before
            raise RunFailedError(str(error)) from error
        except OSError as error:
            raise RunFailedError(f"the run cannot be kept: {error}") from error

    def identity(self) -> dict[str, str]:
        """Digests of kernel, root file system and code, and what the kernel was built from."""
        return {
            "kernel": self.kernel.source,
            "kernel_sha256": self.kernel.sha256,
            "image_sha256": self.tree.sha256,
            "guest_code_sha256": self.code.sha256,
        }


def radios_of(plan: Plan) -> int:
    """How many 802.11 radios the network has: one at each end of a wireless link."""
    return 2 * sum(bool(link["is_wireless"]) for link in plan["network"]["access_links"])


def cut_off(workspace: Path) -> list[str] | None:
    """The files that the guest left and that are not as it wrote them; None where it could not even say what it left.

    The guest's writes go to this machine's disk behind its back, and there may be no room.
    """
    try:
        sums: dict[str, int] = json.loads((workspace / "handed_over.json").read_text())
    except (OSError, ValueError):
        return None
    return sorted(name for name, crc in sums.items() if not is_file(workspace / "out" / name, crc))


def is_file(path: Path, crc: int) -> bool:
    """Whether this is a file with that CRC-32."""
    return path.is_file() and zlib.crc32(path.read_bytes()) == crc


def take_over(workspace: Path, folder: Path) -> str | None:
    """Keeps what the guest left, however it ended; returns why that is no whole run, as where files are cut off.

    Captures and logs are kept as far as they go; of what the host reads as a whole, a part is worth nothing.
    """
    out, cut = workspace / "out", cut_off(workspace)
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = str(path.relative_to(out))
            if "/" not in name and (cut is None or name in cut):
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    if cut is None:
        return "the guest ended without a result: it died, or found no room to say more"
    return f"{len(cut)} files of the guest are cut off, {cut[0]} first: no room, or it died writing" if cut else None


def settle_whole(folder: Path, fault: str | None) -> None:
    """Looks at what was kept; raises RunFailedError when that is no whole run, for one because of this fault."""
    if fault:
        raise RunFailedError(fault)
    settle(folder)
