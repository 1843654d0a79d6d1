"""What a machine lacks, said in one line with what mends it."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

import pytest

from testbed.engine.errors import MissingRequirementError
from testbed.engine.guest import needs
from testbed.engine.guest.needs import BUILD_NEEDS, Need, program, require

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Not root, on a machine that forbids nothing yet; the folder for its settings."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for name in ("RESTRICTED", "PROFILE", "SWITCH"):
        monkeypatch.setattr(needs, name, tmp_path / name)
    return tmp_path


def test_packages_are_asked_for_at_once_and_other_remedies_after_them() -> None:
    keys = Need("a key", lambda: False, lambda: "sudo apt-get install keys")
    switch = Need("a switch", lambda: False, lambda: "sudo sysctl it=1")
    there = Need("a disk", lambda: True, lambda: "buy one")
    with pytest.raises(MissingRequirementError) as error:
        require("building", [program("no-such-program", "such"), switch, keys, there])
    assert str(error.value) == (
        "building needs no-such-program, a switch, a key: sudo apt-get install such keys; sudo sysctl it=1"
    )


def test_what_is_there_is_not_asked_for() -> None:
    require("building", BUILD_NEEDS)


def test_ubuntu_lets_mmdebstrap_have_namespaces_by_its_profile(somebody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """24.04: kernel.apparmor_restrict_unprivileged_userns, and /etc/apparmor.d/mmdebstrap, which allows it."""
    monkeypatch.setenv("PATH", str(somebody / "bin"))
    (somebody / "bin").mkdir()
    (somebody / "bin" / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (somebody / "bin" / "unshare").chmod(0o755)
    (somebody / "RESTRICTED").write_text("1\n")
    assert not needs.may_mount()
    assert needs.mount_remedy() == "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    (somebody / "PROFILE").touch()
    assert needs.may_mount()


def test_root_in_a_container_without_the_privilege_to_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert needs.mount_remedy().startswith("start the container with --privileged, or copy an image")


def test_debian_s_own_switch(somebody: Path) -> None:
    (somebody / "SWITCH").write_text("0\n")
    assert needs.mount_remedy() == "sudo sysctl kernel.unprivileged_userns_clone=1"


def test_where_no_setting_forbids_them_it_is_the_surroundings(somebody: Path) -> None:
    (somebody / "SWITCH").write_text("1\n")
    assert needs.mount_remedy().startswith("become root, or leave the chroot or container")


@pytest.mark.parametrize(("lines", "listed"), [("me:100000:65536\n", True), ("1:1:1\n", False), ("you:1:1\n", False)])
def test_ids_of_a_user(monkeypatch: pytest.MonkeyPatch, lines: str, *, listed: bool) -> None:
    """Of the name that goes with the number, as mmdebstrap reads them: whatever $USER says, and a number is no name."""
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    monkeypatch.setenv("USER", "me")
    me = pwd.getpwuid(1).pw_name
    assert needs.is_listed(lines.replace("me:", f"{me}:")) == listed
    assert needs.SUBORDINATE_IDS.mend().endswith(f" {me}")


def test_a_user_without_a_name_has_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that was started with some number."""
    monkeypatch.setattr(os, "geteuid", lambda: 987654)
    assert not needs.is_listed("me:1:1\n987654:1:1\n")
    assert needs.SUBORDINATE_IDS.mend() == "sudo useradd --uid 987654 testbed"
