"""What Debian's archive has, asked through apt with folders of its own: this machine's are neither read nor changed."""

from collections.abc import Iterable
from pathlib import Path

from testbed.engine.cache import cache_folder
from testbed.engine.errors import UnknownPackageError
from testbed.engine.vm.build_commands import run

SUITE = "bookworm"
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ARCHIVE_LIMIT_S = 120.0


async def require_packages(packages: Iterable[str]) -> None:
    """Raises UnknownPackageError for the first one that the archive lacks, CommandError where it can't be asked.

    The list is fetched anew each time: it is asked for only before an image is built, which needs the archive anyway.
    """
    folder = cache_folder() / f"apt-{SUITE}"
    for name in ("lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signed_by = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed_by}{ARCHIVE} {SUITE} main\n")
    (folder / "status").touch()
    await ask(folder, "apt-get", "update", "--error-on=any")
    for package in packages:
        if not await ask(folder, "apt-cache", "search", "--names-only", f"^{escaped(package)}$"):
            raise UnknownPackageError(package, SUITE)


async def ask(folder: Path, *command: str) -> str:
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
    return await run(argv, limit_s=ARCHIVE_LIMIT_S, env={"LC_ALL": "C"})


def escaped(package: str) -> str:
    """A package's name as a regular expression."""
    return package.replace("+", "[+]").replace(".", "[.]")
