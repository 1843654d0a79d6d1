"""The guest's process 1, after init.py: carries out one order, and ends the machine.

The order lies in a folder of the host's, as does the code; what a run leaves is written there, captures while it goes
on: so a call may last for hours. Nothing waits for the host: each of its answers takes no time of the guest's.
"""

import compileall
import fcntl
import importlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path
from typing import Any

SHARED = Path("/mnt")
CODE = Path("/code")
WORKSPACE = Path("/tmp/run")  # noqa: S108 - the guest's own tmpfs
# Where tracebacks say that our code is, whatever the engine.
CODE_HERE = WORKSPACE / "code"
LEFT, CAPTURES = SHARED / "out", "captures"
RNDRESEEDCRNG = 0x5207  # include/uapi/linux/random.h


def reseed(seed: int) -> None:
    """Makes every random byte of the kernel, so of netem, ports and tags, follow from `seed`."""
    with Path("/dev/urandom").open("wb", buffering=0) as pool:
        pool.write(b"seed=%d" % seed)
        fcntl.ioctl(pool.fileno(), RNDRESEEDCRNG)


def carry_out(plan: dict[str, Any]) -> None:
    """Runs a plan and ships the out folder, whatever happens; what went wrong stands in `logs/lab-error.txt`."""
    out = WORKSPACE / "out"
    (out / "logs").mkdir(parents=True)
    (LEFT / CAPTURES).mkdir(parents=True)
    (out / CAPTURES).symlink_to(LEFT / CAPTURES)
    crcs: dict[str, int] = {}
    try:
        with (SHARED / "progress").open("w") as progress:
            lab = importlib.import_module("testbed.lab.run")
            stand = lab.Lab(plan["network"], out)
            reseed(plan["seed"])
            stand.run(plan, lambda line: print(line, file=progress, flush=True))
            crcs = {f"{CAPTURES}/{name}": crc for name, crc in stand.captures.crcs.items()}
    except BaseException:  # noqa: BLE001 - the last line of defence: the reason must reach the host
        (out / "logs" / "lab-error.txt").write_text(traceback.format_exc())
    ours = shutil.ignore_patterns(CAPTURES)  # there already
    shutil.copytree(out, LEFT, ignore=ours, copy_function=shutil.copyfile, dirs_exist_ok=True)
    # What the host's disk had no room for is written later than this program hears of: so it is told what there was.
    files = [path for path in out.rglob("*") if path.is_file()]
    crcs |= {str(path.relative_to(out)): zlib.crc32(path.read_bytes()) for path in files}
    (SHARED / "handed_over.json").write_text(json.dumps(crcs))


def compile_all() -> None:
    """Byte code for all of our code, in a form that depends on nothing else."""
    compileall.compile_dir(
        str(CODE), quiet=1, stripdir="/", prependdir=str(WORKSPACE),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip


def main() -> None:
    """Never returns, and ends the machine when it cannot go on."""
    try:
        order = json.loads((SHARED / "order.json").read_text())
        if "plan" in order:
            WORKSPACE.mkdir()
            CODE_HERE.symlink_to(CODE)
            sys.path[0] = str(CODE_HERE)
            sys.dont_write_bytecode = True
            os.environ.update(PYTHONPATH=str(CODE_HERE), PYTHONDONTWRITEBYTECODE="1")
            os.chdir(CODE_HERE)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            carry_out(order["plan"])
        else:
            compile_all()
    except BaseException:  # noqa: BLE001 - shown on the console, which the host keeps
        traceback.print_exc()
    subprocess.run(["/usr/bin/busybox", "poweroff", "-f"], check=True)
    time.sleep(60)  # until the machine is off


if __name__ == "__main__":
    main()
