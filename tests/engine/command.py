"""The `testbed` command, as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.engine.uml.built_kernel import is_ready
from testbed.scenario.reading.places import SCENARIO
from tests.patience import PATIENCE_S

DATA = Path(__file__).parent / "data"
TESTBED = Path(sys.executable).parent / "testbed"

needs_uml = pytest.mark.skipif(not is_ready(), reason="the quick engine is not built: testbed prepare --engine uml")


def call(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; its exit status, output and errors."""
    argv = [str(TESTBED), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=env)


def shortened(scenario: str, folder: Path, duration_s: int, usual_s: int = 30) -> Path:
    """One of our scenarios with a call of `duration_s`, where all that a test looks at has happened by then."""
    text = SCENARIO.find(scenario).read_text()
    usual = f"duration: {usual_s} s"
    assert text.count(usual) == 1
    path = folder / f"{scenario}.yaml"
    path.write_text(text.replace(usual, f"duration: {duration_s} s"))
    return path


def run_scenario(scenario: str | Path, out: Path, *options: str) -> dict[str, Any]:
    """Carries out a scenario into `out`, without a page, and returns its result.json; fails the test when it fails."""
    done = call("run", scenario, "--out", out, "--json", "--no-page", *options)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def result_of(folder: Path) -> dict[str, Any]:
    """What is in the result.json of a run folder."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found
