"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files).

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562): to measure a
capture needs a third of these modules. The package itself can be called: `testbed.measure(path)`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.errors import CaptureError, RunFolderError
    from testbed.measure.capture.pcap import read_capture
    from testbed.measure.folder.difference import Difference, first_difference
    from testbed.measure.folder.of_captures import FolderOfCaptures, captures_in
    from testbed.measure.folder.prints import first_difference_from, prints_of
    from testbed.measure.folder.records import Record, find_runs, read_records
    from testbed.measure.folder.run_folder import read_document, read_events, read_manifest
    from testbed.measure.numbers.errors import UserNumberError
    from testbed.measure.numbers.user_numbers import UserNumber, load_numbers
    from testbed.measure.result.measured import measure
    from testbed.measure.result.result import to_json
    from testbed.measure.result.run import MeasuredRun, measure_run
    from testbed.measure.result.summary import measure_capture
    from testbed.measure.result.typed import RunResult
    from testbed.measure.result.typed_capture import CaptureResult

__all__ = [
    "CaptureError",
    "CaptureResult",
    "Difference",
    "FolderOfCaptures",
    "MeasuredRun",
    "Record",
    "RunFolderError",
    "RunResult",
    "UserNumber",
    "UserNumberError",
    "captures_in",
    "find_runs",
    "first_difference",
    "first_difference_from",
    "load_numbers",
    "measure",
    "measure_capture",
    "measure_run",
    "prints_of",
    "read_capture",
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
    "folder.prints": "first_difference_from prints_of",
    "folder.of_captures": "FolderOfCaptures captures_in",
    "folder.records": "Record find_runs read_records",
    "folder.run_folder": "read_document read_events read_manifest",
    "numbers.errors": "UserNumberError",
    "numbers.user_numbers": "UserNumber load_numbers",
    "result.measured": "measure",
    "result.result": "to_json",
    "result.run": "MeasuredRun measure_run",
    "result.summary": "measure_capture",
    "result.typed": "RunResult",
    "result.typed_capture": "CaptureResult",
}

__getattr__ = exporting(__name__, _HOMES)


class _Callable(ModuleType):
    """The package, with a call: the interface has a function of that name, and `testbed.measure` is this package."""

    def __call__(self, what: "Path | str") -> object:
        measured: object = self.measure(what)
        return measured


sys.modules[__name__].__class__ = _Callable
