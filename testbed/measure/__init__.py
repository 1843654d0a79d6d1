"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files).

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562): to measure a
capture needs a third of these modules. The package itself can be called: `testbed.measure(path)`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.errors import CaptureError, RunFolderError
    from testbed.measure.capture.pcap import read_capture
    from testbed.measure.folder.difference import Difference, first_difference
    from testbed.measure.folder.records import Record, find_runs, read_records
    from testbed.measure.folder.run_folder import read_document, read_events, read_manifest
    from testbed.measure.result.chart import read_chart
    from testbed.measure.result.measured import measure
    from testbed.measure.result.result import measure_run, to_json
    from testbed.measure.result.summary import measure_capture
    from testbed.measure.result.typed import CaptureResult, RunResult

__all__ = [
    "CaptureError",
    "CaptureResult",
    "Difference",
    "Record",
    "RunFolderError",
    "RunResult",
    "find_runs",
    "first_difference",
    "measure",
    "measure_capture",
    "measure_run",
    "read_capture",
    "read_chart",
    "read_document",
    "read_events",
    "read_manifest",
    "read_records",
    "to_json",
]

_HOMES = {
    "capture.errors": "CaptureError RunFolderError",
    "capture.pcap": "read_capture",
    "folder.difference": "Difference first_difference",
    "folder.records": "Record find_runs read_records",
    "folder.run_folder": "read_document read_events read_manifest",
    "result.chart": "read_chart",
    "result.measured": "measure",
    "result.result": "measure_run to_json",
    "result.summary": "measure_capture",
    "result.typed": "CaptureResult RunResult",
}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - who imports modules by their full names doesn't need it

    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Callable(ModuleType):
    """The package, with a call: the interface has a function of that name, and `testbed.measure` is this package."""

    def __call__(self, what: "Path | str") -> object:
        measured: object = self.measure(what)
        return measured


sys.modules[__name__].__class__ = _Callable
