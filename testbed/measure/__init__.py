"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files).

What is named here is imported when it is used (PEP 562): to measure a capture needs a third of these modules.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testbed.measure.capture.errors import CaptureError, RunFolderError
    from testbed.measure.folder.difference import Difference, first_difference
    from testbed.measure.numbers.errors import UserNumberError
    from testbed.measure.numbers.user_numbers import UserNumber, load_numbers
    from testbed.measure.result.result import to_json
    from testbed.measure.result.run import Run, measure_run
    from testbed.measure.result.summary import measure_capture

__all__ = [
    "CaptureError",
    "Difference",
    "Run",
    "RunFolderError",
    "UserNumber",
    "UserNumberError",
    "first_difference",
    "load_numbers",
    "measure_capture",
    "measure_run",
    "to_json",
]

_HOMES = {
    "CaptureError": "capture.errors",
    "Difference": "folder.difference",
    "Run": "result.run",
    "RunFolderError": "capture.errors",
    "UserNumber": "numbers.user_numbers",
    "UserNumberError": "numbers.errors",
    "first_difference": "folder.difference",
    "load_numbers": "numbers.user_numbers",
    "measure_capture": "result.summary",
    "measure_run": "result.run",
    "to_json": "result.result",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
