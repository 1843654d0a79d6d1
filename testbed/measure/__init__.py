"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files)."""

from testbed.measure.capture import CaptureError
from testbed.measure.chart import read_chart
from testbed.measure.compare import Difference, first_difference
from testbed.measure.run import measure_run, to_json
from testbed.measure.run_folder import RunError
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
