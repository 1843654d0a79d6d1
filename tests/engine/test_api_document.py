"""docs/api.md: its examples run, one after the other, and every name of the interface is in it."""

import re
import subprocess
import sys
from pathlib import Path

import testbed
from testbed.scenario.reading.places import ROOT
from tests.api.attributes import unnamed

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
LIMIT_S = 600


def blocks(kind: str) -> str:
    """All examples of a kind, as one program."""
    return "\n".join(re.findall(rf"^```{kind}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE))


def carried_out(program: str, folder: Path) -> str:
    """What a program says that is run from a folder."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_examples_run_in_an_empty_folder(tmp_path: Path) -> None:
    said = carried_out(blocks("python"), tmp_path).splitlines()
    assert said[0] == "<Run handover-cn, seed 1, done: runs/mine>"
    assert "my-walk.yaml: a failure script: ok; 3 changes until 6 s; links wifi" in said
    assert "reinvit" in said[-1]
    assert not unnamed(testbed.Run(tmp_path / "runs" / "mine").result), "add these to testbed/measure/result/typed.py"


def test_notebook_runs_with_two_short_calls(tmp_path: Path) -> None:
    program = blocks("python notebook").replace('"wifi-to-umts"', '"ideal"').replace("runs=3", "runs=1")
    assert "shape: (4, 5)" in carried_out("import matplotlib; matplotlib.use('Agg')\n" + program, tmp_path)
    assert (tmp_path / "heard.png").stat().st_size > 10_000


def test_every_name_is_documented() -> None:
    missing = [name for name in testbed.__all__ if not re.search(rf"\b{name}\b", DOCUMENT)]
    assert not missing, f"say in docs/api.md what these are: {missing}"
