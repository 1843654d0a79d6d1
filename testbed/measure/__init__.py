"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files).

What is named here is imported when it is used (PEP 562): to measure a capture needs a third of these modules.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testbed.measure.chart import read_chart
    from testbed.measure.compare import Difference, first_difference
    from testbed.measure.errors import CaptureError, RunError
    from testbed.measure.run import measure_run, to_json
    from testbed.measure.summary import measure_capture

__all__ = [
    "CaptureError",
    "Difference",
    "RunError",
    "first_difference",
    "measure_capture",
    "measure_run",
    "read_chart",
    "to_json",
]

_HOMES = {
    "CaptureError": "errors",
    "Difference": "compare",
    "RunError": "errors",
    "first_difference": "compare",
    "measure_capture": "summary",
    "measure_run": "run",
    "read_chart": "chart",
    "to_json": "run",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
