"""Anything measured: a run folder, or a capture."""

from __future__ import annotations

from pathlib import Path

from testbed.measure.result.typed import RunResult, typed
from testbed.measure.result.typed_capture import CaptureResult


def measure(what: Path | str) -> RunResult | CaptureResult:
    """Measures a run folder from its captures, or any capture file.

    Raises RunFolderError for a folder, CaptureError for a file that can't be measured.
    """
    path = Path(what)
    if path.is_dir():
        from testbed.measure.result.run import measure_run  # noqa: PLC0415 - a capture can do without

        return typed(RunResult, measure_run(path), path)
    from testbed.measure.result.summary import measure_capture  # noqa: PLC0415 - see above

    return typed(CaptureResult, measure_capture(path), path)
