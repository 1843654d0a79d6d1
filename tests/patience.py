"""How long tests wait for what has to happen: only what hangs is ended by it, never what a busy machine does slowly."""

import subprocess
import time
from collections.abc import Callable

PATIENCE_S = 900.0


def wait_for(what: str, condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Until a condition holds; fails the test when it does not in time, or its process ends before."""
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, f"{what} did not happen"
        assert process is None or process.poll() is None, f"it ended before {what}"
        time.sleep(0.05)
