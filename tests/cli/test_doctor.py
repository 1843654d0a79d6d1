"""`testbed doctor` and `testbed clean`: what is missing, what mends it, what was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from testbed.cli.machine.doctor import Check, checks, of_the_kernel
from testbed.cli.main import RUNS_FAULT, commands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))


def doctor(monkeypatch: pytest.MonkeyPatch, *found: Check) -> Result:
    """What the command says on a machine with these checks."""
    monkeypatch.setattr("testbed.cli.machine.doctor.checks", lambda: list(found))
    return CliRunner().invoke(commands, ["doctor"])


def yes() -> bool:
    return True


def no() -> bool:
    return False


def test_every_check_names_a_command_that_mends_it() -> None:
    for check in checks():
        assert check.mend, f"{check.what}: say what the user should type"
        assert check.needed_for.startswith(("vm", "uml", "native", "looking at captures"))


def test_every_check_can_be_made_here() -> None:
    assert {check.test() for check in checks()} <= {True, False}


@pytest.mark.parametrize(
    ("uid", "may_unshare", "rows"),
    [
        (1000, True, {"its kernel": "ask as root: sudo testbed doctor"}),
        (0, False, {"namespaces": "start the container with --privileged, or use --engine vm"}),
    ],
)
def test_of_a_kernel_that_can_not_be_asked_nothing_is_said(
    uid: int, may_unshare: bool, rows: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no namespace can be had, everything tried in one fails: that is no reason to install another kernel."""
    monkeypatch.setattr("os.geteuid", lambda: uid)
    monkeypatch.setattr("testbed.cli.machine.doctor.may_unshare", lambda: may_unshare)
    assert {one.what: one.mend for one in of_the_kernel()} == rows
    assert not any(one.test() for one in of_the_kernel())


def test_machine_that_has_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(monkeypatch, Check("vm", "qemu", yes, "apt-get install qemu"))
    assert (result.exit_code, result.output.splitlines()[2].split()) == (0, ["vm", "qemu", "yes"])


def test_default_engine_that_can_not_work_is_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(monkeypatch, Check("vm, first run", "cpio", no, "sudo apt-get install cpio"))
    assert result.exit_code == RUNS_FAULT
    assert "no sudo apt-get install cpio" in result.output


def test_what_only_other_things_need_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor(monkeypatch, Check("native", "root", no, "run with sudo")).exit_code == 0


def test_command_that_mends_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    mend = "free some in [/a/very/long/path]" + "/x" * 80
    result = doctor(monkeypatch, Check("vm", "space", no, mend))
    assert "".join(mend.split()) in "".join(result.output.split())


def test_clean_where_nothing_was_left() -> None:
    result = CliRunner().invoke(commands, ["clean"])
    assert (result.exit_code, result.output) == (0, "nothing was left behind\n")
