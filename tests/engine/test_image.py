"""What goes into the guest's image from this machine: the same bytes, however it came onto the machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from testbed.engine.guest import bootstrap
from testbed.engine.guest.bootstrap import copy_library
from testbed.engine.guest.needs import KEYRING
from testbed.engine.guest.recipes import LIBRARIES, PLAIN, WITH_RADIOS
from testbed.engine.vm.guest.boot import MODULES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", LIBRARIES)
def test_library_is_copied_without_what_depends_on_its_installation(name: str, tmp_path: Path) -> None:
    copy_library(name, tmp_path)
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if path.suffix == ".pyc" or ".dist-info" in str(path)]


def test_pyroute2_works_from_its_copy(tmp_path: Path) -> None:
    copy_library("pyroute2", tmp_path)
    program = "import sys; sys.path.insert(0, sys.argv[1]); import pyroute2; print(pyroute2.__file__, pyroute2.IPRoute)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path / "pyroute2"))


def test_packages_come_from_debian_and_its_keys_vouch_for_them_whatever_the_host_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    async def run(argv: list[str], **_: object) -> str:
        started.append(argv)
        return ""

    monkeypatch.setattr(bootstrap, "run", run)
    asyncio.run(bootstrap.bootstrap(PLAIN, tmp_path / "root.tar", tmp_path))
    ((*options, suite, archive, sources),) = started
    assert f"--keyring={KEYRING}" in options
    assert (suite, archive) == ("bookworm", str(tmp_path / "root.tar"))
    assert [line.split()[1:] for line in sources.splitlines()] == [
        ["http://deb.debian.org/debian", "bookworm", "main"],
        ["http://deb.debian.org/debian", "bookworm-updates", "main"],
        ["http://security.debian.org/debian-security", "bookworm-security", "main"],
    ]


# Those of the modules that every guest loads which are no drivers: the radios' image has all of these.
NO_DRIVERS = {"bridge", "ipip", "ip6_tunnel"}


def test_the_radios_image_has_every_driver_that_a_guest_loads() -> None:
    """Most drivers are left out of it, and a guest whose module is not there does not come up."""
    drivers = [one for one in MODULES if one not in NO_DRIVERS and not one.startswith(("sch_", "cls_", "act_"))]
    assert {"veth", "wireguard", "dummy"} <= {*drivers}
    kept = " ".join(WITH_RADIOS.kept)
    assert [one for one in drivers if f"/{one}.ko" not in kept and f"/{one}/" not in kept] == []
