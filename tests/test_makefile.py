"""The Makefile, as `make` reads it: what it removes, and that it installs each program that we start."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from testbed.campaign.campaign_file import read_campaign
from testbed.engine import native
from testbed.engine.guest.needs import BUILD_NEEDS, KEYRING, RUN_NEEDS
from tests.engine.test_phones import PHONES

ROOT = Path(__file__).parents[1]
OURS = (
    "root-0123456789ab",
    "booted-0123456789ab.unfinished",
    "prepared-0123456789ab",
    "kernel-0123456789ab",
    "tree-0123456789ab",
    "code-0123456789ab.unfinished",
    "processors",
    "apt-bookworm",
    "run-records",
    "fuzz-corpora",
    "sippy-2.5.0",
)
THEIRS = ("root", "root-of-all-evil", "photos", "prepared-by-me", "fuzz", "sippy-mine", "0123456789ab.lock")


def make(*words: str) -> str:
    """What `make` says."""
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def variable(name: str) -> list[str]:
    """The words of a variable."""
    return make("--no-print-directory", f"--eval=show: ; @echo $({name})", "show").split()


def fill(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "file").touch()


def test_clean_leaves_what_somebody_else_keeps_in_the_same_folder(tmp_path: Path) -> None:
    fill(tmp_path, OURS + THEIRS)
    (tmp_path / "root-0123456789ab.lock").touch()
    make("clean-cache", f"TESTBED_CACHE={tmp_path}", "TESTBED=no-such-command")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(THEIRS)


def test_clean_removes_the_folder_where_all_was_ours(tmp_path: Path) -> None:
    fill(tmp_path / "cache", OURS)
    make("clean-cache", f"TESTBED_CACHE={tmp_path / 'cache'}", "TESTBED=no-such-command")
    assert not (tmp_path / "cache").exists()
    make("clean-cache", f"TESTBED_CACHE={tmp_path / 'cache'}", "TESTBED=no-such-command")


def test_what_the_engines_need_make_installs() -> None:
    programs = variable("RUN_PROGRAMS")
    names = {need.what for need in (*RUN_NEEDS, *BUILD_NEEDS) if re.fullmatch(r"[\w-]+", need.what)}
    assert names <= set(programs)
    assert str(KEYRING) in variable("RUN_FILES")
    assert set(native.PROGRAMS) <= {*programs, *variable("TEST_PROGRAMS")}


def test_packages_of_what_make_looks_for_stand_in_its_lists() -> None:
    assert set(native.PROGRAMS.values()) <= {*variable("RUN_PACKAGES"), *variable("TEST_PACKAGES")}
    for need in (*RUN_NEEDS, *BUILD_NEEDS):
        remedy = need.mend().split()
        if remedy[:3] == ["sudo", "apt-get", "install"]:
            assert remedy[3] in variable("RUN_PACKAGES"), need.what


@pytest.mark.parametrize(
    ("here", "python", "package"),
    [
        ({"python3": (3, 11)}, "python3", "python3"),
        ({"python3": (3, 10), "python3.11": (3, 11)}, "python3.11", "python3.11"),
        ({"python3": (3, 10)}, "", "python3.11"),
        ({}, "", "python3"),
    ],
)
def test_the_first_python_that_is_new_enough(
    tmp_path: Path, here: dict[str, tuple[int, int]], python: str, package: str
) -> None:
    """Ubuntu 22.04 has 3.10 as python3, and 3.11 in its archive."""
    for name, version in here.items():
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\ncase "$2" in *"< (3, 11)"*) exit {int(version < (3, 11))};; esac\n')
        script.chmod(0o755)
    for tool in ("bash", "make", "echo"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    show = "--eval=show: ; @echo $(HOST_PYTHON)/$(PYTHON_PACKAGE)"
    done = subprocess.run(
        ["/usr/bin/make", "--no-print-directory", show, "show", "SHELL=/bin/bash"],
        cwd=ROOT, env={"PATH": str(tmp_path), "HOME": "/"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"{python}/{package}"


def test_every_phone_that_is_tested_is_called_for_the_tables() -> None:
    called = read_campaign(ROOT / "docs" / "phones" / "called.yaml").file.vary["cn"]
    assert called == ("testbed-handover", "testbed-plain", *PHONES)


def test_tables_that_are_made_anew_are_the_last_section_of_their_page() -> None:
    """A target writes a page anew from the line on that it keeps last: a section behind it would be lost."""
    kept = re.findall(r"sed '/\^(.*?)/q' (docs/\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert len(kept) > 5
    for mark, page in kept:
        _, line, behind = (ROOT / page).read_text(encoding="utf-8").partition(f"\n{mark}")
        assert line, page
        assert not re.findall(r"^## .*", behind, re.MULTILINE), page
