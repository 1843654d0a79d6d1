"""The guest's process 1: carries out orders, and between two orders lets itself be frozen.

The first order is `prepare` (load this code, build this network), the second one `run`. Everything before a freeze is
the same for many runs and paid for once. After it, nothing waits for the host: the guest's clock would jump ahead while
it waited. An order comes as a tar archive in a memory device; what a run leaves goes out through another one.
"""

import ctypes
import fcntl
import importlib
import json
import mmap
import os
import struct
import subprocess
import sys
import tarfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ORDER_DEVICE = "/dev/pmem1"
OUTCOME_DEVICE = "/dev/pmem0"
PROGRESS_PORT = "/dev/ttyS1"
WORKSPACE = Path("/tmp/run")  # noqa: S108 - the guest's own tmpfs
MODULES = (
    "sch_netem", "sch_fq", "act_mirred", "cls_matchall", "sch_ingress", "veth", "bridge", "ipip", "ip6_tunnel",
    "wireguard", "dummy", "sch_htb", "sch_plug", "cls_u32",
)  # fmt: skip
# What the lab and the agents import: loaded here, because it changes less often than they do.
PRELOADED = ("mininet.node", "mininet.topo", "pyroute2", "random", "selectors", "heapq", "typing", "ipaddress")
# Programs of a run, started once so that their pages are in memory.
WARMED = (["tc", "-V"], ["ip", "-V"])
BLKFLSBUF = 0x1261  # include/uapi/linux/fs.h
RNDRESEEDCRNG = 0x5207  # include/uapi/linux/random.h


def warm_up() -> None:
    """Loads modules, libraries and programs."""
    for module in MODULES:
        subprocess.run(["modprobe", module], check=True)
    for name in PRELOADED:
        importlib.import_module(name)
    for command in WARMED:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def find_watchdog() -> Path:
    """The PCI folder of the emulated Intel 6300ESB watchdog."""
    for device in Path("/sys/bus/pci/devices").iterdir():
        if (device / "vendor").read_text().strip() == "0x8086" and (device / "device").read_text().strip() == "0x25ab":
            return device
    raise RuntimeError("the machine has no 6300ESB watchdog")


def freeze() -> None:
    """Has the emulator stop this machine while it sleeps, and returns when it has been thawed.

    The watchdog's expiry is handled by the emulator while the CPU is halted, so the state that is saved does not
    depend on how quickly the host's threads run: saved twice, it continues with the same bytes. (Stopping from a
    running CPU, for instance through pvpanic, is a race of about one timer tick.)
    """
    device = find_watchdog()
    (device / "enable").write_text("1")
    with (device / "resource0").open("r+b", buffering=0) as bar, (device / "config").open("r+b", buffering=0) as config:
        registers = mmap.mmap(bar.fileno(), os.fstat(bar.fileno()).st_size)
        os.pwrite(config.fileno(), struct.pack("<H", 3), 0x60)  # no interrupt at the first stage, then "reboot"
        reload = ctypes.c_uint16.from_buffer(registers, 0x0C)
        for timer in (0x00, 0x04):
            reload.value = 0x80  # the unlocking sequence, before each write of a timer
            reload.value = 0x86
            ctypes.c_uint32.from_buffer(registers, timer).value = 1000  # ticks of about 1 ms
        os.pwrite(config.fileno(), b"\x02", 0x68)  # start
        time.sleep(4)  # frozen after two of these


def next_order() -> dict[str, Any]:
    """Freezes, then reads what the host has put into the device meanwhile; its files lie in the workspace."""
    freeze()
    with Path(ORDER_DEVICE).open("rb") as device:
        fcntl.ioctl(device.fileno(), BLKFLSBUF)  # forget what an order before this one left in the page cache
    with tarfile.open(ORDER_DEVICE, "r|") as archive:
        archive.extractall(WORKSPACE)  # noqa: S202 - written by our own host side
    order: dict[str, Any] = json.loads((WORKSPACE / "order.json").read_text())
    return order


def prepare(order: dict[str, Any]) -> Callable[..., None]:
    """Loads the code of the lab, has it build the network, and returns what runs a plan on it."""
    code = str(WORKSPACE / "code")
    sys.path.insert(0, code)
    os.environ["PYTHONPATH"] = code
    os.chdir(code)
    lab = importlib.import_module("testbed.lab.run")
    prepared: Callable[..., None] = lab.Lab(order["network"], WORKSPACE / "out").run
    return prepared


def reseed(seed: int) -> None:
    """Makes every random byte of the kernel, so of netem, ports and tags, follow from `seed`."""
    with Path("/dev/urandom").open("wb", buffering=0) as pool:
        pool.write(b"seed=%d" % seed)
        fcntl.ioctl(pool.fileno(), RNDRESEEDCRNG)


def carry_out(run: Callable[..., None], plan: dict[str, Any]) -> None:
    """Runs a plan and ships the out folder, whatever happens; what went wrong stands in `logs/lab-error.txt`."""
    out = WORKSPACE / "out"
    try:
        with Path(PROGRESS_PORT).open("w") as progress:
            reseed(plan["seed"])
            run(plan, lambda line: print(line, file=progress, flush=True))
    except BaseException:  # noqa: BLE001 - the last line of defence: the reason must reach the host
        (out / "logs").mkdir(exist_ok=True)
        (out / "logs" / "lab-error.txt").write_text(traceback.format_exc())
    with Path(OUTCOME_DEVICE).open("wb") as device, tarfile.open(fileobj=device, mode="w|") as archive:
        archive.add(out, arcname=".")
    os.sync()


def main() -> None:
    """Process 1: never returns, and ends the machine when it cannot go on."""
    try:
        warm_up()
        (WORKSPACE / "out").mkdir(parents=True)
        run = prepare(next_order())
        plan = next_order()["plan"]
        carry_out(run, plan)
    except BaseException:  # noqa: BLE001 - shown on the console, which the host keeps
        traceback.print_exc()
    subprocess.run(["/usr/bin/busybox", "poweroff", "-f"], check=True)
    time.sleep(60)  # until the machine is off


if __name__ == "__main__":
    main()
