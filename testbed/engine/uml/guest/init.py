"""The guest's first program: mounts what it needs and hands over to one_order.py, which comes with our code.

All by system calls: a program for each mount would take the host more time than Python to start.
"""

import ctypes
import os
import runpy
from pathlib import Path

MS_NOATIME = 0x400
# What the kernel's command line has set for us alone.
SHARED = os.environ.pop("OUTDIR")
MOUNTS = (
    ("proc", "/proc", None),
    ("sysfs", "/sys", None),
    ("devtmpfs", "/dev", None),
    ("devpts", "/dev/pts", None),
    ("tmpfs", "/dev/shm", None),  # noqa: S108 - the guest's own
    ("tmpfs", "/tmp", "size=75%"),  # noqa: S108
    ("tmpfs", "/run", None),
    ("hostfs", "/mnt", SHARED),
    ("hostfs", "/code", f"{SHARED}/code"),
)

libc = ctypes.CDLL(None, use_errno=True)
for kind, target, options in MOUNTS:
    if target.startswith("/dev/"):
        Path(target).mkdir(exist_ok=True)
    if libc.mount(kind.encode(), target.encode(), kind.encode(), MS_NOATIME, options and options.encode()):
        raise OSError(ctypes.get_errno(), f"{kind} cannot be mounted on {target}")
os.environ["HOME"] = "/tmp"  # noqa: S108
runpy.run_path("/code/one_order.py", run_name="__main__")
