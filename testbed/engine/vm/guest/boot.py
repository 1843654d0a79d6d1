"""The guest's process 1: warms up, lets itself be frozen, and when it wakes carries out the run it is handed.

Everything before the freeze is the same for every run and paid for once. After it, nothing waits for the host:
the guest's clock would jump ahead while it waited.
"""

import contextlib
import ctypes
import fcntl
import importlib
import io
import json
import mmap
import os
import selectors
import signal
import struct
import subprocess
import sys
import tarfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

PAYLOAD_DEVICE = "/dev/pmem1"
OUTCOME_DEVICE = "/dev/pmem0"
PROGRESS_PORT = "/dev/ttyS1"
FROZEN_MARK = "frozen"
MODULES = ("sch_netem", "veth", "bridge")
# What the lab and the agents import: loaded here so that a run does not pay for it.
PRELOADED = ("mininet.net", "mininet.node", "mininet.link", "mininet.topo", "pyroute2", "random", "shutil", "threading")
# Programs of a run, started once so that their pages are in memory.
WARMED = (
    ["tc", "-V"],
    ["ip", "-V"],
    ["tcpdump", "--version"],
    ["mnexec", "-v"],
    ["ifconfig", "lo"],
    ["python3", "-c", "import json, random, selectors, socket, struct, pyroute2"],
)
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


def reseed(seed: int) -> None:
    """Makes every random byte of the kernel, so of netem, ports and tags, follow from `seed`."""
    with Path("/dev/urandom").open("wb", buffering=0) as pool:
        pool.write(b"seed=%d" % seed)
        fcntl.ioctl(pool.fileno(), RNDRESEEDCRNG)


def carry_out(workspace: Path, progress: io.TextIOBase) -> None:
    """Unpacks the payload and runs the lab that is in it; its folder becomes the outcome."""
    with tarfile.open(PAYLOAD_DEVICE, "r|") as payload:
        payload.extractall(workspace)  # noqa: S202 - written by our own host side
    plan = json.loads((workspace / "plan.json").read_text())
    reseed(plan["seed"])
    sys.path.insert(0, str(workspace / "code"))
    os.environ["PYTHONPATH"] = str(workspace / "code")
    os.chdir(workspace / "code")
    lab = importlib.import_module("testbed.lab.run")
    lab.run(plan, workspace / "out", lambda line: print(line, file=progress, flush=True))


@contextlib.contextmanager
def outcome(workspace: Path) -> Iterator[None]:
    """Whatever happens, ships the out folder; what went wrong stands in `out/logs/lab-error.txt`."""
    out = workspace / "out"
    out.mkdir(parents=True)
    try:
        yield
    except BaseException:  # noqa: BLE001 - the last line of defence: the reason must reach the host
        (out / "logs").mkdir(exist_ok=True)
        (out / "logs" / "lab-error.txt").write_text(traceback.format_exc())
    with Path(OUTCOME_DEVICE).open("wb") as device, tarfile.open(fileobj=device, mode="w|") as archive:
        archive.add(out, arcname=".")
    os.sync()


def main() -> None:
    """Process 1: never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    warm_up()
    with Path(PROGRESS_PORT).open("w") as progress:
        print(FROZEN_MARK, file=progress, flush=True)
        freeze()
        workspace = Path("/tmp/run")  # noqa: S108 - the guest's own tmpfs
        with outcome(workspace):
            carry_out(workspace, progress)
    subprocess.run(["/usr/bin/busybox", "poweroff", "-f"], check=True)
    selectors.DefaultSelector().select()  # until the machine is off


if __name__ == "__main__":
    main()
