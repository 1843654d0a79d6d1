"""What a run costs the host once the lab has ended: annotated capture, numbers, page, picture.

    python -m tests.bench.bench_after_lab [RUN]

Seconds of a processor, the median of nine times on a copy of the run folder (a synthetic call of 14 s by default),
after one that is not counted: it loads the libraries.
"""

import io
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from testbed.cli.results.picturing import show_pictures
from testbed.measure import MeasuredRun
from testbed.runner import annotate, measure, write_report
from tests.measure import synthetic

TIMES = 9


def parts(folder: Path) -> Iterator[tuple[str, float]]:
    """Do what `testbed run` does after the lab; yield what each part took."""
    run = MeasuredRun(folder)
    work: dict[str, Callable[[], object]] = {
        "run.pcapng": lambda: annotate(run),
        "result.json": lambda: measure(run),
        "report.html": lambda: write_report(run),
        "picture": lambda: show_pictures(Console(file=io.StringIO()), [("run", run)]),
    }
    for name, do in work.items():
        began = time.process_time()
        do()
        yield name, time.process_time() - began


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        original = Path(sys.argv[1]) if sys.argv[1:] else synthetic.handover_cn_run().write(Path(place) / "made")
        took: list[dict[str, float]] = []
        for number in range(TIMES + 1):
            folder = shutil.copytree(original, Path(place) / str(number))
            took.append(dict(parts(folder)))
            shutil.rmtree(folder)
    del took[0]
    for name in took[0]:
        print(f"{name}: {statistics.median(one[name] for one in took):.3f} s of a processor")
    print(f"all of it: {statistics.median(sum(one.values()) for one in took):.3f} s")


main()
