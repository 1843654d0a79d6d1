"""Whether there is room for what a run will write next, so that one which fills up ends while it can still say so."""

import os
from pathlib import Path

# A second of a call is captured in some 200 kB; logs and timeline are to be written after that.
DISK_BYTES = 8 << 20
# In memory there are also the pages of the programs that run. A kernel that has to read these anew each time does
# nothing else any more, and kills nobody: in a guest whose clock stands meanwhile that lasts for ever.
MEMORY_BYTES = 48 << 20
MEMORY = Path("/proc/meminfo")
NEEDED = "MemAvailable:"


class NoRoomError(Exception):
    """What a run captures from now on could not be kept."""


def require_room(folder: Path) -> None:
    """Raises NoRoomError, which says what there is too little of, where nothing can be written there much longer."""
    disk = os.statvfs(folder)
    left = {"disk": (disk.f_bavail * disk.f_frsize, DISK_BYTES), "memory": (available_memory(), MEMORY_BYTES)}
    for what, (there, needed) in left.items():
        if there < needed:
            raise NoRoomError(
                f"no room for captures: the {what} has {there >> 20} MB left, and {needed >> 20} MB are needed"
            )


def available_memory() -> int:
    """What this kernel can give to programs without taking from others, in bytes (proc(5))."""
    line = next(line for line in MEMORY.read_text().splitlines() if line.startswith(NEEDED))
    return int(line.split()[1]) << 10
