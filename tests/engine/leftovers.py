"""What a run may leave on this machine: interfaces, network namespaces, mounts."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

# Tests of other files run beside, and what they make for their own time comes and goes.
PATIENCE_S = 300.0
POLL_S = 0.5


def world() -> set[str]:
    """Interfaces, network namespaces and mounts of this machine."""
    interfaces = os.listdir("/sys/class/net")  # noqa: PTH208 - names are all that is wanted
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    mounts = Path("/proc/mounts").read_text().splitlines()
    kinds = {"interface": interfaces, "namespace": namespaces, "mount": mounts}
    return {f"{kind} {one}" for kind, all_of_them in kinds.items() for one in all_of_them}


def left_behind(before: set[str]) -> set[str]:
    """What is here and was not before, and does not go away either."""
    limit = time.monotonic() + PATIENCE_S
    while (found := world() - before) and time.monotonic() < limit:
        time.sleep(POLL_S)
    return found
