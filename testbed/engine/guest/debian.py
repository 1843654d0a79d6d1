"""What Debian's archive has, asked through apt with folders of its own: this machine's are neither read nor changed."""

import difflib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from testbed.engine.cache import cache_folder
from testbed.engine.errors import CommandError, UnknownPackageError
from testbed.engine.guest.build_commands import run

SUITE = "bookworm"
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ARCHIVE_LIMIT_S = 120.0
IN_ENGLISH = {"LC_ALL": "C"}


async def require_packages(packages: Iterable[str]) -> None:
    """Raises UnknownPackageError for those that the archive lacks, CommandError where it can't be asked.

    The list is fetched anew each time: it is asked for only before an image is built, which needs the archive anyway.
    """
    folder = apt_folder()
    for name in ("lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signed_by = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed_by}{ARCHIVE} {SUITE} main\n")
    (folder / "status").touch()
    await run(apt(folder, "apt-get", "update", "--error-on=any"), limit_s=ARCHIVE_LIMIT_S, env=IN_ENGLISH)
    if remedies := lacking(packages):
        raise UnknownPackageError(remedies, SUITE)


def lacking(packages: Iterable[str]) -> dict[str, str] | None:
    """Which of these the archive lacked when its list was fetched last, and what to do; None where it never was.

    What has no package of its own and is only provided by others is lacking too: apt would not know which is meant.
    """
    folder = apt_folder()
    if not any((folder / "lists").glob("*_Packages*")) or shutil.which("apt-cache") is None:
        return None
    argv = apt(folder, "apt-cache", "pkgnames")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, **IN_ENGLISH})
    if done.returncode:
        raise CommandError(argv, done.returncode, done.stderr)
    known = set(done.stdout.split())
    return {name: remedy(name, known) for name in packages if name not in known}


def remedy(package: str, known: Iterable[str]) -> str:
    """What to do about a package that there is not: one may be a flavour of it, or spelt nearly so."""
    flavours = sorted((name for name in known if name.startswith(f"{package}-")), key=lambda name: (len(name), name))
    near = flavours or difflib.get_close_matches(package, sorted(known), n=1, cutoff=0.7)
    return f"did you mean '{near[0]}'?" if near else f"look at https://packages.debian.org/{SUITE}/"


def apt_folder() -> Path:
    """Where apt keeps what it knows of this suite."""
    return cache_folder() / f"apt-{SUITE}"


def apt(folder: Path, *command: str) -> list[str]:
    """A command of apt's about this suite alone."""
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
    return [command[0], "-q", *(f"-o{name}={value}" for name, value in settings.items()), *command[1:]]
