"""What the VM engine needs of this machine: to run guests, and to build their images first."""

import os
import platform
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from testbed.engine.errors import MissingRequirementError

EMULATOR = "qemu-system-x86_64"
# Who signs Debian's archive. On Debian apt brings it; elsewhere it is a package to install.
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Ubuntu from 23.10 on: nobody but root has rights in a user namespace, except programs with an AppArmor profile.
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
PROFILE = Path("/etc/apparmor.d/mmdebstrap")
# Debian's own switch.
SWITCH = Path("/proc/sys/kernel/unprivileged_userns_clone")
INSTALL = "sudo apt-get install"


class Need(NamedTuple):
    """Something that this machine has to have; `mend` says what to type where it is missing."""

    what: str
    is_met: Callable[[], bool]
    mend: Callable[[], str]


def program(name: str, package: str) -> Need:
    """A program, and the package of Debian and Ubuntu that brings it."""
    return Need(name, lambda: shutil.which(name) is not None, lambda: f"{INSTALL} {package}")


def require(purpose: str, needs: Sequence[Need]) -> None:
    """Raises MissingRequirementError that names all that is missing and what mends it, in one line."""
    missing = [need for need in needs if not need.is_met()]
    if missing:
        mends = list(dict.fromkeys(need.mend() for need in missing))
        packages = [mend.removeprefix(INSTALL) for mend in mends if mend.startswith(INSTALL)]
        commands = [f"{INSTALL}{''.join(packages)}"] if packages else []
        commands += [mend for mend in mends if not mend.startswith(INSTALL)]
        raise MissingRequirementError(
            f"{purpose} needs {', '.join(need.what for need in missing)}: {'; '.join(commands)}"
        )


def may_mount() -> bool:
    """Whether mmdebstrap can mount what an image needs while it is made: as root, or in a user namespace of its own."""
    if is_on(RESTRICTED) and PROFILE.exists():
        return True
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *root, "--mount", "--propagation", "unchanged", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def mount_remedy() -> str:
    """What undoes that mounting, or user namespaces, are forbidden here."""
    if os.geteuid() == 0:
        return "start the container with --privileged, or copy an image from elsewhere (docs/machines.md)"
    if is_on(RESTRICTED):
        return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    if SWITCH.exists() and not is_on(SWITCH):
        return "sudo sysctl kernel.unprivileged_userns_clone=1"
    return "become root, or leave the chroot or container that forbids them"


def is_on(switch: Path) -> bool:
    """Whether this kernel has a setting, and it is not 0."""
    return switch.exists() and switch.read_text().strip() != "0"


def has_subordinate_ids() -> bool:
    """Whether this user has ids for the others in its namespaces: subuid(5), subgid(5)."""
    if os.geteuid() == 0:
        return True
    files = (Path("/etc/subuid"), Path("/etc/subgid"))
    return all(path.exists() and is_listed(path.read_text()) for path in files)


def user_name() -> str | None:
    """This user's name; None for one that has none, as in a container started with some number."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def is_listed(lines: str) -> bool:
    """Whether one of these lines is this user's. By its name: mmdebstrap does not look for numbers."""
    return user_name() in {line.split(":")[0] for line in lines.splitlines()}


def ids_remedy() -> str:
    """What gives this user such ids; a new one gets them with its name."""
    name = user_name()
    if name is None:
        return f"sudo useradd --uid {os.geteuid()} testbed"
    return f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}"


def is_x86_64() -> bool:
    """Whether the guest's programs run here as they are: building starts some of them."""
    return platform.machine() == "x86_64"


PROCESSOR = Need(
    "an x86-64 processor", is_x86_64, lambda: "use a machine that has one: the guest's packages are for it"
)
MOUNTS = Need("mounts in a namespace", may_mount, mount_remedy)
SUBORDINATE_IDS = Need("ids in /etc/subuid and /etc/subgid, by this user's name", has_subordinate_ids, ids_remedy)
DEBIAN_KEYS = Need(str(KEYRING), KEYRING.exists, lambda: f"{INSTALL} debian-archive-keyring")

RUN_NEEDS = (
    PROCESSOR,
    program(EMULATOR, "qemu-system-x86"),
    program("setpriv", "util-linux"),
    program("taskset", "util-linux"),
)
TREE_NEEDS = (
    PROCESSOR,
    program("mmdebstrap", "mmdebstrap"),
    program("mount", "mount"),
    program("tar", "tar"),
    program("unshare", "util-linux"),
    program("newuidmap", "uidmap"),
    DEBIAN_KEYS,
    MOUNTS,
    SUBORDINATE_IDS,
)
BUILD_NEEDS = (*TREE_NEEDS, program("genext2fs", "genext2fs"), program("cpio", "cpio"))
