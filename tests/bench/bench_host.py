"""What `testbed run` costs the host beside the guest, part by part; the table of docs/speed.md.

    python -m tests.bench.bench_host [TIMES]

Seconds of a processor, user and system, of a process of its own that does the parts so far: the least of so many times
(9 by default), and what the part adds to that. The run measured is a synthetic call of 14 s.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.measure import synthetic

PARTS = {
    "Python itself": "pass",
    "the command loaded": "from testbed.cli.main import collect_seldom\n"
    "collect_seldom()\n"
    "import testbed.cli.runs.running",
    "files to a plan": "from testbed.scenario.experiment.experiment import load_experiment\n"
    "from testbed.scenario.plan.compile import compile_plan\n"
    "compile_plan(load_experiment('wifi-to-umts', scheme='handover-cn'))",
    "the guest's code, and the manifest's digest of ours": "from testbed.engine.guest.guest_code import guest_code\n"
    "from testbed.runner import annotate, code_digest, measure, write_report\n"
    "guest_code(), code_digest()",
    "run.pcapng, result.json": "from pathlib import Path\n"
    "from testbed.measure import MeasuredRun\n"
    "run = MeasuredRun(Path(sys.argv[1]))\n"
    "annotate(run), measure(run)",
    "tables and picture": "from io import StringIO\n"
    "from rich.console import Console\n"
    "from testbed.cli.results.picturing import show_pictures\n"
    "show_pictures(Console(file=StringIO()), [('run', run)])",
    "report.html": "write_report(run)",
}  # fmt: skip


def least_s(program: str, folder: Path, times: int) -> float:
    """The least that a program takes of a processor, once it has been carried out before."""
    # A user's Python keeps byte code; without it each start compiles 300 modules.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    took = []
    for _ in range(times + 1):
        before = os.times()
        subprocess.run([sys.executable, "-c", program, str(folder)], env=environment, check=True)
        after = os.times()
        took.append(after.children_user - before.children_user + after.children_system - before.children_system)
    return min(took[1:])


def main() -> None:
    """Measures and prints."""
    times = int(sys.argv[1]) if sys.argv[1:] else 9
    with tempfile.TemporaryDirectory() as place:
        folder = synthetic.handover_cn_run().write(Path(place) / "run")
        program, so_far_s = "import sys", 0.0
        for name, part in PARTS.items():
            program = f"{program}\n{part}"
            whole_s = least_s(program, folder, times)
            print(f"{name:52} {whole_s - so_far_s:6.2f} s {whole_s:6.2f} s")
            so_far_s = whole_s


main()
