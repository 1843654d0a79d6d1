"""`python -m tests.fuzz.fuzz FOLDER RUNS [TARGET …]`: so many inputs, shared out to targets, guided by what they reach.

Inputs that reached something new are kept in FOLDER, for the next time. Ends with status 1 at the first exception that
is not a parser's own, and says in which file the input is; `python -m tests.fuzz.fuzz FILE TARGET` runs that one again.
"""

from __future__ import annotations

import os
import sys
import time
from hashlib import sha1
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agents", "testbed.measure", "testbed.scenario", "testbed.files"]):
    from tests.fuzz.targets import TARGETS, Target

# Seconds for one input, above which it counts as a fault: something grows with the square of its length.
LONGEST_S = 5
MOST_MEMORY_MB = 1024


def fuzz(folder: Path, runs: int, name: str) -> int:
    """One target; returns the exit status of what ran it."""
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[name].seeds:
        (corpus / sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    (folder / f"{name}.words").write_text("".join(f'"{escape(word)}"\n' for word in TARGETS[name].words))
    started = time.monotonic()
    at_once = TARGETS[name].at_once
    for done in range(0, runs, at_once):
        status = in_own_process(folder, min(at_once, runs - done), name)
        if status:
            print(f"{name}: stopped after {done} inputs and more")
            return status
    seconds = time.monotonic() - started
    print(f"{name}: {runs} inputs in {seconds:.0f} s ({runs / seconds:.0f}/s)")
    return 0


def in_own_process(folder: Path, runs: int, name: str) -> int:
    """So many inputs, in a process of its own, because libFuzzer ends it; returns its exit status."""
    pid = os.fork()
    if pid == 0:
        limits = [f"-runs={runs}", f"-timeout={LONGEST_S}", f"-max_len={TARGETS[name].largest}"]
        limits += [f"-rss_limit_mb={MOST_MEMORY_MB}", f"-malloc_limit_mb={MOST_MEMORY_MB}"]
        where = [f"-artifact_prefix={folder / name}-", f"-dict={folder / name}.words", str(folder / name)]
        run(TARGETS[name], [*limits, "-print_final_stats=1", *where])
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(target: Target, options: list[str]) -> None:
    """Does not come back."""
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


def escape(token: str) -> str:
    """As libFuzzer's dictionaries want it."""
    return "".join(char if char.isalnum() else f"\\x{ord(char):02x}" for char in token)


def main(where: Path, arguments: list[str]) -> int:
    """All targets, or those that are named."""
    if where.is_file():
        TARGETS[arguments[0]].run(where.read_bytes())
        print("nothing wrong with it")
        return 0
    names = arguments[1:] or list(TARGETS)
    statuses = [fuzz(where, int(int(arguments[0]) * TARGETS[name].share), name) for name in names]
    return 1 if any(statuses) else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
