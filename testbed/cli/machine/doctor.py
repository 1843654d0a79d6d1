"""`doctor`: what this machine can do, what is missing, and the command that mends it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import click
from rich.text import Text

from testbed.engine.cache import cache_folder
from testbed.engine.guest.needs import BUILD_NEEDS, RUN_NEEDS, Need
from testbed.engine.native import (
    NAMESPACES_REMEDY,
    NETEM_REMEDY,
    has_fq,
    has_netem,
    has_veth,
    may_unshare,
)
from testbed.engine.native import PROGRAMS as NATIVE_PROGRAMS
from testbed.engine.uml.built_kernel import is_ready
from testbed.engine.uml.started_kernel import UML_NEEDS
from testbed.report.terminal import console, new_table

FREE_SPACE_BYTES = 2 << 30


class Check(NamedTuple):
    """One thing that a machine can or cannot do; `mend` is the command that helps."""

    needed_for: str
    what: str
    test: Callable[[], bool]
    mend: str


def program(name: str, package: str, needed_for: str) -> Check:
    """Whether a program is installed."""
    return Check(needed_for, name, lambda: shutil.which(name) is not None, f"sudo apt-get install {package}")


def of_the_vm(needs: Iterable[Need], needed_for: str) -> list[Check]:
    """What the VM engine itself would look for."""
    return [Check(needed_for, need.what, need.is_met, need.mend()) for need in needs]


def checks() -> list[Check]:
    """Everything that matters, what the default engine needs first."""
    return [
        *of_the_vm(RUN_NEEDS, "vm"),
        *of_the_vm((need for need in BUILD_NEEDS if need not in RUN_NEEDS), "vm, first run"),
        Check(
            "vm",
            "2 GB free in the cache",
            lambda: shutil.disk_usage(cache_folder()).free > FREE_SPACE_BYTES,
            f"free some in {cache_folder()}",
        ),
        *of_the_vm((need for need in UML_NEEDS if need.what not in {one.what for one in RUN_NEEDS}), "uml"),
        Check("uml", "its kernel", is_ready, "testbed prepare --engine uml (once, 5 to 10 minutes)"),
        Check("native", "root", lambda: os.geteuid() == 0, "run with sudo"),
        *(program(name, package, "native") for name, package in NATIVE_PROGRAMS.items()),
        *of_the_kernel(),
        program("wireshark", "wireshark", "looking at captures"),
        program("tshark", "tshark", "looking at captures, tests"),
    ]


def of_the_kernel() -> list[Check]:
    """What the native engine needs of it; that is tried in a namespace, so nothing can be said where there is none."""
    if os.geteuid() != 0:
        return [Check("native", "its kernel", lambda: False, "ask as root: sudo testbed doctor")]
    if not may_unshare():
        return [Check("native", "namespaces", lambda: False, NAMESPACES_REMEDY)]
    return [
        Check("native", "namespaces", lambda: True, NAMESPACES_REMEDY),
        Check("native", "veth, bridge", has_veth, NETEM_REMEDY),
        Check("native", "sch_netem", has_netem, NETEM_REMEDY),
        Check("native", "sch_fq, act_mirred, cls_matchall", has_fq, NETEM_REMEDY),
    ]


@click.command()
def doctor() -> None:
    """Say what this machine can do, and for what is missing the command that mends it.

    Ends with 1 when the default engine cannot work.
    """
    table = new_table("What this machine can do", "for", "what", "", "what mends it")
    table.columns[-1].overflow, table.columns[-1].no_wrap = "fold", False
    for column in table.columns:
        column.vertical = "top"
    broken = False
    for check in checks():
        there = check.test()
        broken |= not there and check.needed_for.startswith("vm")
        table.add_row(
            check.needed_for,
            check.what,
            "[green]yes[/green]" if there else "[red]no[/red]",
            Text("" if there else check.mend),
        )
    console().print(table)
    if broken:
        sys.exit(1)
