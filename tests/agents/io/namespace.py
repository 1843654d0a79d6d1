"""Runs a function of a test module in a fresh network namespace, and hands back what it returned.

In a process of its own, since it is the process that leaves the others' namespace.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.namespaces import unsharing
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


def in_a_namespace(function: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
    """Raises CalledProcessError, with the traceback on our stderr, when it failed."""
    command = [*unsharing("--net"), sys.executable, "-m", __name__, function.__module__, function.__name__]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
    return json.loads(done.stdout)


if __name__ == "__main__":
    json.dump(getattr(importlib.import_module(sys.argv[1]), sys.argv[2])(), sys.stdout)
