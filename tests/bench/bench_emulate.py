"""How fast is virtual time, by each engine? `make bench` runs the default scenario: ratios, each within one run."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from testbed.engine.choose import make_engine
from testbed.engine.engine import Place
from testbed.lab.plan import Plan
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan

ENGINES = ("vm", "uml")
RUNS = 5
SIDE_BY_SIDE = 2


class Timing(NamedTuple):
    """Wall seconds: until scenario time begins, of scenario time, after it; and scenario seconds."""

    start_up: float
    call: float
    wrap_up: float
    virtual: float

    @property
    def wall(self) -> float:
        """All of it."""
        return self.start_up + self.call + self.wrap_up


async def timed(place: Place, plan: Plan, folder: Path) -> Timing:
    """One run, timed by its own progress reports."""
    began = time.monotonic()
    marks = {"ready": began, "ending": began}
    last = 0.0

    def report(what: dict[str, Any]) -> None:
        nonlocal last
        if what.get("stage") in marks:
            marks[what["stage"]] = time.monotonic()
        last = max(last, what.get("t_s") or 0.0)

    await place.run(plan, folder, report)
    ended = time.monotonic()
    return Timing(marks["ready"] - began, marks["ending"] - marks["ready"], ended - marks["ending"], last)


async def bench(engine: str) -> None:
    """Prints medians with their extremes."""
    plan = compile_plan(load_experiment("wifi-to-umts"))
    place = await make_engine(engine).prepare(plan, print)
    with tempfile.TemporaryDirectory(prefix="testbed-bench-") as scratch:
        alone = [await timed(place, plan, Path(scratch) / f"{number}") for number in range(RUNS)]
        began = time.monotonic()
        pair = await asyncio.gather(
            *(timed(place, plan, Path(scratch) / f"pair{number}") for number in range(SIDE_BY_SIDE))
        )
        pair_wall = time.monotonic() - began
    show(f"{engine}: virtual seconds per wall second, whole run", [one.virtual / one.wall for one in alone])
    show(f"{engine}: virtual seconds per wall second, call only", [one.virtual / one.call for one in alone])
    show(
        f"{engine}: share of wall time before scenario time begins, %", [100 * one.start_up / one.wall for one in alone]
    )
    show(f"{engine}: share of wall time after it has ended, %", [100 * one.wrap_up / one.wall for one in alone])
    both = sum(one.virtual for one in pair) / pair_wall
    print(f"{engine}: virtual seconds per wall second, {SIDE_BY_SIDE} runs side by side: {both:.1f}")


async def main() -> None:
    """All engines in virtual time."""
    for engine in ENGINES:
        await bench(engine)


def show(what: str, values: list[float]) -> None:
    """A figure: median, and its extremes."""
    print(f"{what}: {statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f}, {len(values)} runs)")


if __name__ == "__main__":
    asyncio.run(main())
