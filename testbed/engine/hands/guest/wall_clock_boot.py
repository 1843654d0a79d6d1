"""Process 1 of a guest in wall-clock time: builds the network, carries one plan out, and ends.

Told and telling as the virtual machine's own (engine/vm/guest/boot.py, which comes with the order): but there is no
freeze before it, and no saved guest.
"""

import importlib
import json
import subprocess
import sys
import tarfile
import time
import traceback
from pathlib import Path

ORDER_DEVICE = "/dev/pmem1"
WORKSPACE = Path("/tmp/run")  # noqa: S108 - the guest's own tmpfs


def main() -> None:
    """Never returns, and ends the machine when it is done or cannot go on."""
    try:
        with tarfile.open(ORDER_DEVICE, "r|") as archive:
            archive.extractall(WORKSPACE)  # noqa: S202 - written by our own host side
        (WORKSPACE / "out").mkdir()
        sys.path.insert(0, str(WORKSPACE / "code"))
        boot = importlib.import_module("boot_of_vm")
        boot.warm_up()
        order = json.loads((WORKSPACE / "order.json").read_text())
        boot.carry_out(boot.prepare(order), order["plan"])
    except BaseException:  # noqa: BLE001 - shown on the console, which the host keeps
        traceback.print_exc()
    subprocess.run(["/usr/bin/busybox", "poweroff", "-f"], check=True)
    time.sleep(60)  # until the machine is off


if __name__ == "__main__":
    main()
