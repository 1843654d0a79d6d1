"""What Debian's archive has, asked through apt with folders of its own: this machine's are neither read nor changed."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from testbed.engine.cache import cache_folder
from testbed.engine.errors import CommandError, UnknownPackageError

SUITE = "bookworm"
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ARCHIVE_LIMIT_S = 120.0


def require_packages(packages: Iterable[str]) -> None:
    """Raises UnknownPackageError for the first one that the archive lacks, CommandError where it can't be asked.

    The list is fetched anew each time: it is asked for only before an image is built, which needs the archive anyway.
    """
    folder = cache_folder() / f"apt-{SUITE}"
    for name in ("lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signed_by = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed_by}{ARCHIVE} {SUITE} main\n")
    (folder / "status").touch()
    ask(folder, "apt-get", "update", "--error-on=any")
    for package in packages:
        if not ask(folder, "apt-cache", "search", "--names-only", f"^{escaped(package)}$"):
            raise UnknownPackageError(package, SUITE)


def ask(folder: Path, *command: str) -> str:
    """What apt says about this suite alone; raises CommandError."""
    settings = {
        "Dir::Etc": folder / "etc",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    argv = [command[0], "-q", *(f"-o{name}={value}" for name, value in settings.items()), *command[1:]]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=ARCHIVE_LIMIT_S,
            stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CommandError(argv, -1, f"it took longer than {ARCHIVE_LIMIT_S:.0f} s") from None
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr)
    return done.stdout


def escaped(package: str) -> str:
    """A package's name as a regular expression."""
    return package.replace("+", "[+]").replace(".", "[.]")
