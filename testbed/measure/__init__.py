"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files).

What is named here is imported when it is used (PEP 562): to measure a capture needs a third of these modules.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.errors import CaptureError, RunFolderError
    from testbed.measure.folder.difference import Difference, first_difference
    from testbed.measure.result.chart import read_chart
    from testbed.measure.result.measured import measure
    from testbed.measure.result.result import measure_run, to_json
    from testbed.measure.result.summary import measure_capture
    from testbed.measure.result.typed import CaptureResult, RunResult

__all__ = [
    "CaptureError",
    "CaptureResult",
    "Difference",
    "RunFolderError",
    "RunResult",
    "first_difference",
    "measure",
    "measure_capture",
    "measure_run",
    "read_chart",
    "to_json",
]

_HOMES = {
    "CaptureError": "capture.errors",
    "CaptureResult": "result.typed",
    "Difference": "folder.difference",
    "RunFolderError": "capture.errors",
    "RunResult": "result.typed",
    "first_difference": "folder.difference",
    "measure": "result.measured",
    "measure_capture": "result.summary",
    "measure_run": "result.result",
    "read_chart": "result.chart",
    "to_json": "result.result",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


class _Callable(ModuleType):
    """The package itself: `testbed.measure(path)` is in the interface, and `testbed.measure` is this package."""

    def __call__(self, what: "Path | str") -> object:
        measured: object = self.measure(what)
        return measured


sys.modules[__name__].__class__ = _Callable
