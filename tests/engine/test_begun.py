"""What `testbed new` writes passes its own test, in an empty folder outside the checkout, with real calls."""

import subprocess
import sys
from pathlib import Path

import testbed
from testbed.files.beginning import BEGINNINGS

LIMIT_S = 900


def test_every_kind_passes_its_own_test(tmp_path: Path) -> None:
    for kind in BEGINNINGS:
        testbed.new(kind, f"my-{kind}", tmp_path)
    tests = sorted(path.name for path in tmp_path.glob("test_*.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout
