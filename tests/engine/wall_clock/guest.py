"""From outside: a guest in wall-clock time is given plans, and what it left of them is measured like any run."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.engine.errors import RunFailedError
from testbed.engine.guest.following import follow
from testbed.engine.guest.guest_code import guest_code
from testbed.engine.guest.recipes import recipe_for
from testbed.engine.native import NativeEngine
from testbed.engine.vm.emulator import ORDER_MIB, WALL_CLOCK, machine
from testbed.engine.vm.image import root_image
from testbed.engine.vm.initramfs import own_files, write_initramfs
from testbed.engine.vm.orders import add
from testbed.engine.vm.snapshot import machine_files
from testbed.engine.vm.vm_run import unpack
from testbed.runner import FinishedRun, carry_out_plan, describe
from testbed.scenario.plan.compile import compile_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testbed.engine.engine import Report
    from testbed.lab.plan import Plan
    from testbed.scenario.experiment.experiment import Experiment

ROOT = Path(__file__).parents[3]
BOOT = Path(__file__).with_name("boot.py")
IDENTITY, LEFT = "identity.json", "left.json"
# Of the testbed, the guest has what the native engine itself is.
ENGINE = ("__init__", "cache", "engine", "errors", "native", "run_records", "sealed")


@dataclass(frozen=True)
class Left:
    """A place where a plan has been carried out already: what is left of it lies in a folder."""

    source: Path

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Moves it to where a run has it; raises RunFailedError with what the engine said."""
        refused = self.source / "refused.txt"
        if refused.exists():
            raise RunFailedError(refused.read_text())
        (self.source / IDENTITY).unlink()
        for path in self.source.iterdir():
            path.rename(folder / path.name)

    def identity(self) -> dict[str, str]:
        """As the engine in the guest said it."""
        told = self.source / IDENTITY
        found: dict[str, str] = json.loads(told.read_text()) if told.exists() else {}
        return found


async def carry_out_natively(
    experiments: Mapping[str, Experiment], folder: Path, say: Callable[[str], None] = print
) -> dict[str, FinishedRun]:
    """The native engine's runs, by name, one after the other in one guest; `folder` gets a run folder for each.

    Raises RunFailedError where the guest itself ends without a result.
    """
    plans = {name: compile_plan(one) for name, one in experiments.items()}
    left = folder / ".left"
    await in_guest(plans, left, say)
    runs = {}
    for name, experiment in experiments.items():
        place = Left(left / name)
        manifest = describe(experiment, plans[name], NativeEngine(), place)
        runs[name] = await carry_out_plan(plans[name], manifest, place, folder / name, ignore, with_page=False)
    (left / LEFT).rename(folder / LEFT)
    shutil.rmtree(left)
    return runs


def ignore(report: dict[str, Any]) -> None:
    """What a run tells of itself has been told when it took place."""


async def in_guest(plans: Mapping[str, Plan], target: Path, say: Callable[[str], None]) -> None:
    """Has the guest carry out the plans; `target` gets a folder for each."""
    target.mkdir(parents=True)
    image = await root_image(recipe_for({package for plan in plans.values() for package in plan["packages"]}), say)
    initramfs = target / "initramfs"
    write_initramfs(image.boot_files, initramfs, own_files() | {"boot.py": BOOT.read_bytes()})
    files = machine_files(image, initramfs, target)
    write_order(files.order, plans)

    def told(line: dict[str, Any]) -> None:
        say(json.dumps(line))

    async with machine(files, target / "emulator.log", incoming=False, is_saved=False, clock=WALL_CLOCK) as guest:
        await follow(guest.process, files.progress, told)
    try:
        with tarfile.open(files.outcome, "r:") as archive:
            unpack(archive, target)
    except tarfile.TarError:
        raise RunFailedError(f"the guest said: {files.console.read_text(errors='replace')[-2000:]}") from None
    for path in (files.order, files.outcome, initramfs):
        path.unlink()


def write_order(target: Path, plans: Mapping[str, Plan]) -> None:
    """The plans, and the code of lab, agents and native engine."""
    code = guest_code() | {
        f"testbed/engine/{name}.py": (ROOT / "testbed" / "engine" / f"{name}.py").read_bytes() for name in ENGINE
    }
    with target.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, "order.json", json.dumps(plans).encode())
        for name, data in code.items():
            add(archive, f"code/{name}", data)
    if target.stat().st_size > ORDER_MIB << 20:
        raise ValueError(f"{target.stat().st_size} bytes do not go into an order")
