"""Process 1 of a guest in wall-clock time: has the native engine carry out plans, one after the other, and ends.

What it is told, code and plans by name, comes as a tar archive in a memory device; what is left of each plan, a folder
of its name, goes out through another. Where the engine refuses or fails, the folder has `refused.txt`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tarfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testbed.lab.plan import Plan

ORDER_DEVICE, OUTCOME_DEVICE, PROGRESS_PORT = "/dev/pmem1", "/dev/pmem0", "/dev/ttyS1"
WORKSPACE = Path("/tmp/told")  # noqa: S108 - the guest's own tmpfs


def say(**facts: object) -> None:
    """A line for whoever waits outside."""
    with Path(PROGRESS_PORT).open("w") as progress:
        print(json.dumps(facts), file=progress, flush=True)


async def carry_out(name: str, plan: Plan, folder: Path) -> None:
    """As `testbed run --engine native` does it, up to where the captures are measured."""
    from testbed.engine.native import NativeEngine  # noqa: PLC0415 - it comes with the order

    say(begins=name)
    folder.mkdir(parents=True)
    try:
        place = await NativeEngine().prepare(plan, lambda line: say(said=line))
        await place.run(plan, folder, lambda report: say(**report))
        (folder / "identity.json").write_text(json.dumps(place.identity()))
    except Exception as error:  # noqa: BLE001 - it is told outside
        (folder / "refused.txt").write_text(f"{type(error).__name__}: {error}")
    say(ends=name)


def left() -> dict[str, list[str]]:
    """What the runs have left in this machine: interfaces, processes of labs, records of runs."""
    processes = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    return {
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "labs": [line.decode() for line in processes if b"testbed.lab" in line],
        "records": [path.name for path in Path.home().glob(".cache/*/run-records/*")],
    }


def main() -> None:
    """Never returns, and ends the machine when it is done or cannot go on."""
    try:
        with tarfile.open(ORDER_DEVICE, "r|") as archive:
            archive.extractall(WORKSPACE)  # noqa: S202 - written by our own host side
        sys.path.insert(0, str(WORKSPACE / "code"))
        os.chdir("/")  # as far from the project's folder as can be
        out = WORKSPACE / "out"
        for name, plan in json.loads((WORKSPACE / "order.json").read_text()).items():
            asyncio.run(carry_out(name, plan, out / name))
        (out / "left.json").write_text(json.dumps(left()))
        with Path(OUTCOME_DEVICE).open("wb") as device, tarfile.open(fileobj=device, mode="w|") as archive:
            archive.add(out, arcname=".")
        os.sync()
    except BaseException:  # noqa: BLE001 - shown on the console, which the host keeps
        traceback.print_exc()
    subprocess.run(["/usr/bin/busybox", "poweroff", "-f"], check=True)
    time.sleep(60)  # until the machine is off


if __name__ == "__main__":
    main()
