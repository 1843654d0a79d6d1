"""The native engine beside the VM engine: `python -m tests.engine.wall_clock.table FOLDER SEED…` (`make native`).

Both carry out the same plans, the native engine in a guest whose time is the host's; run folders go to FOLDER.
"""

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

import testbed
from testbed.report.terminal import DIRECTIONS, console, new_table, number
from testbed.scenario.experiment.experiment import load_experiment
from tests.engine.wall_clock.guest import carry_out_natively

MAIN = Path(__file__).parents[1] / "data" / "native.yaml"
NUMBERS: Mapping[str, Callable[[dict[str, Any]], float | None]] = {
    "missed": lambda media: media["interruption_ms"],
    "gap": lambda media: media["gap_ms"],
    "UMTS": lambda media: (media["paths"]["umts"]["delay_ms"] or {}).get("mean"),
}


class Both(NamedTuple):
    """One scheme under one seed: result.json of either engine, and how late somebody was at most, in ms."""

    scheme: str
    vm: dict[str, Any]
    native: dict[str, Any]
    late_ms: float


def carried_out(folder: Path, seeds: Sequence[int]) -> Iterator[Both]:
    """Runs of every scheme; raises RuntimeError for one that failed."""
    schemes = list(load_experiment(str(MAIN)).scenario.schemes)
    for seed in seeds:
        experiments = {scheme: load_experiment(str(MAIN), scheme=scheme, seed=seed) for scheme in schemes}
        natively = asyncio.run(carry_out_natively(experiments, folder / f"native-{seed}", tell))
        for run in testbed.compare(MAIN, seed=seed, out=folder / f"vm-{seed}"):
            native = testbed.Run(natively[str(run.scheme)].folder)
            if run.numbers is None or native.numbers is None or native.failure is not None:
                raise RuntimeError(f"{native}: {native.failure}")
            yield Both(str(run.scheme), run.numbers, native.numbers, max(native.manifest["late_ms"].values()))


def tell(line: str) -> None:
    """What the guest says is for whoever waits."""
    sys.stderr.write(line + "\n")


def table_of(found: Sequence[Both]) -> Table:
    """Means over all seeds; how far the engines are apart in the same seed, on average; and the latest of all."""
    table = new_table("Interruption, gap, and mean delay on UMTS, in ms", "scheme", "")
    for column in (f"{name}\n{what}" for name in NUMBERS for what in ("VM", "native", "apart")):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("late at\nworst", justify="right", no_wrap=True)
    for scheme in dict.fromkeys(one.scheme for one in found):
        mine = [one for one in found if one.scheme == scheme]
        for way, direction in DIRECTIONS.items():
            cells: list[str] = []
            for value in NUMBERS.values():
                pairs = [(value(one.vm["media"][way]), value(one.native["media"][way])) for one in mine]
                known = [(vm, native) for vm, native in pairs if vm is not None and native is not None]
                apart = [native - vm for vm, native in known]
                cells += [number(mean(column)) for column in (*([*zip(*known, strict=True)] or [(), ()]), apart)]
            late = number(max(one.late_ms for one in mine), 0) if way == "to_mn" else ""
            table.add_row(scheme if way == "to_mn" else "", direction, *cells, late)
    return table


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return statistics.fmean(values) if values else None


if __name__ == "__main__":
    console().print(table_of(list(carried_out(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]]))))
