"""How much memory a virtual machine has: it holds all captures of a run until its end, so a long one has more."""

from dataclasses import dataclass

# What a second of a call is captured in: 140 kB, or 230 kB where media pass the home network; some more for copies.
CAPTURED_BYTES_A_SECOND = 250_000
# Of the memory for captures, what else of a run is in it: logs, the timeline, the archive's own.
OTHER_MIB = 40
# Each has a saved guest of its own. Four times are 3 GiB of memory and 2 GiB for what comes out: maxmem is 8 GiB.
TIMES = (1, 2, 4)


@dataclass(frozen=True)
class MemorySize:
    """The guest's own memory, and the memory in which a run's files come out of it."""

    own_mib: int
    outcome_mib: int


USUAL = MemorySize(own_mib=768, outcome_mib=512)


def size_for(duration_s: float) -> MemorySize:
    """For a run that lasts so long: the usual one up to half an hour, and of what does not fit, the largest."""
    needed_mib = OTHER_MIB + int(duration_s * CAPTURED_BYTES_A_SECOND) // (1 << 20)
    times = next((times for times in TIMES if times * USUAL.outcome_mib >= needed_mib), TIMES[-1])
    return MemorySize(times * USUAL.own_mib, times * USUAL.outcome_mib)
