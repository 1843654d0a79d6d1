"""What a run loads: a fixed list, since loading is most of what it takes of this machine beside the guest."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path

HELP = "main(['run', '--help'])"
PLAN = "compile_plan(load_experiment('wifi-to-umts', scheme='handover-cn'))"
LOADED_FOR_OPTIONS = {"annotated_types", "click", "jinja2", "markupsafe", "numpy", "pydantic", "pydantic_core", "rich",
                      "ruamel", "typing_extensions", "typing_inspection"}  # fmt: skip


def loaded_by(program: str) -> set[str]:
    """The installed packages of others that a program of Python's has loaded at its end."""
    text = (
        "import json, sys, sysconfig\n"
        "from testbed.cli.main import main\n"
        f"{program}\n"
        "files = {name: getattr(module, '__file__', None) or '' for name, module in sys.modules.items()}\n"
        "place = sysconfig.get_path('platlib')\n"
        "print(json.dumps([name.partition('.')[0] for name, file in files.items() if file.startswith(place)]))"
    )
    done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
    found = set(json.loads(done.stdout.splitlines()[-1]))
    # What installs packages loads something too; and from Python 3.13 on audioop is one.
    return {name for name in found if not name.startswith(("__editable__", "_distutils"))} - {"audioop"}


@pytest.mark.parametrize(
    "program",
    [
        HELP,
        "from testbed.scenario.experiment.experiment import load_experiment\n"
        "from testbed.scenario.plan.compile import compile_plan\n"
        f"{HELP}\n{PLAN}",
    ],
)
def test_a_run_loads_nothing_of_the_lab_of_plots_of_statistics(program: str) -> None:
    """So not Mininet, pyroute2, scapy, bokeh, matplotlib, scipy, polars."""
    assert loaded_by(program) == LOADED_FOR_OPTIONS


def test_measuring_it_and_its_page_load_nothing_more(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    program = (
        "from pathlib import Path\n"
        "from testbed.measure import MeasuredRun\n"
        "from testbed.runner import annotate, measure, write_report\n"
        f"{HELP}\n"
        f"run = MeasuredRun(Path({str(folder)!r}))\n"
        "annotate(run), measure(run), write_report(run)"
    )
    assert loaded_by(program) == LOADED_FOR_OPTIONS
    assert (folder / "report.html").exists()
