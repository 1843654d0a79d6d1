"""`make endurance`: one plan again and again on a busy machine; are the bytes the same, and is anything left behind?

An hour by default. Every run has one of the kinds of load beside it, in turn: none, processors, memory that is
allocated and freed, a disk that is written to. Ends with 1 where a run failed, had other bytes, or left something.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testbed.api.runs import run
from testbed.engine.cache import cache_folder
from tests.engine.leftovers import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.api.carrying_out import EngineName

# What runs beside, in so many processes; each ends when it is told to.
LOADS = {
    "nothing": (0, ""),
    "processors": (3, "while True: sum(range(100000))"),
    "memory": (1, "while True: b = bytearray(1 << 29); b[::4096] = b'x' * len(b[::4096])"),
    "disk": (1, "import os\nwhile True:\n with open('load', 'wb') as f: f.write(os.urandom(1 << 24)); os.fsync(f)"),
}
MEMORY_MAY_GROW_KB = 50_000
TOLD_EVERY = 50
KEPT_DIGESTS = ("run.pcapng", "result.json")


@contextlib.contextmanager
def beside(load: str, folder: Path) -> Iterator[None]:
    """Keeps this machine busy meanwhile."""
    count, program = LOADS[load]
    running = [subprocess.Popen([sys.executable, "-c", program], cwd=folder) for _ in range(count)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


class State(NamedTuple):
    """What should be as it was before: what there is on this machine, and how much this process and the cache take."""

    there: frozenset[str]
    descriptors: int
    memory_kb: int
    cached_bytes: int

    @classmethod
    def now(cls) -> State:
        """As it is."""
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        memory_kb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
        cached = sum(path.lstat().st_size for path in cache_folder().rglob("*") if path.is_file())
        there = frozenset(world() | {f"process {pid}" for pid in children})
        return cls(there, len(list(Path("/proc/self/fd").iterdir())), memory_kb, cached)

    def more_than(self, before: State) -> list[str]:
        """What has been left behind since."""
        found = [f"left behind: {what}" for what in sorted(self.there - before.there)]
        if self.descriptors > before.descriptors:
            found.append(f"{self.descriptors - before.descriptors} descriptors left open")
        if self.memory_kb > before.memory_kb + MEMORY_MAY_GROW_KB:
            found.append(f"memory grew from {before.memory_kb} to {self.memory_kb} kB")
        if self.cached_bytes > before.cached_bytes:
            found.append(f"the cache grew from {before.cached_bytes} to {self.cached_bytes} bytes")
        return found


def digests(folder: Path) -> tuple[str, ...]:
    """The digests of what has to be the same."""
    return tuple(hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in KEPT_DIGESTS)


def runs(scenario: str, engine: EngineName, minutes: float, scratch: Path) -> tuple[int, list[str]]:
    """Carries them out; how many there were, and what was wrong with any."""
    folder, until = scratch / "run", time.monotonic() + minutes * 60
    wrong, known, count = list[str](), set[tuple[str, ...]](), 0
    while time.monotonic() < until:
        load = list(LOADS)[count % len(LOADS)]
        count += 1
        with beside(load, scratch):
            one = run(scenario, engine=engine, out=folder, with_page=False)
        found = digests(folder) if one.failure is None else None
        if found is None:
            wrong.append(f"run {count}, beside {load}: {one.failure}")
        elif known and found not in known:
            wrong.append(f"run {count}, beside {load}: {' '.join(found)}")
        known |= set() if found is None else {found}
        shutil.rmtree(folder)
        if count % TOLD_EVERY == 0:
            print(f"{count} runs, {len(wrong)} wrong, {len(known)} kinds of bytes", flush=True)
    print(*(f"{name} " + " ".join(one) for one in known for name in [" and ".join(KEPT_DIGESTS)]), sep="\n")
    return count, wrong


def main() -> None:
    """Prints how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=60.0)
    parser.add_argument("--scenario", default="wifi-to-umts")
    parser.add_argument("--engine", default="uml", choices=("vm", "uml"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="testbed-endurance-") as scratch:
        # Builds and loads what is missing.
        run(chosen.scenario, engine=chosen.engine, out=Path(scratch) / "first", with_page=False)
        before = State.now()
        count, wrong = runs(chosen.scenario, chosen.engine, chosen.minutes, Path(scratch))
        after = State.now()
    wrong += after.more_than(before)
    print(f"{count} runs of {chosen.scenario} by {chosen.engine}; {len(wrong)} things wrong")
    print(f"memory {before.memory_kb} to {after.memory_kb} kB, descriptors {before.descriptors} to {after.descriptors}")
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
