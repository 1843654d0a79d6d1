"""From captures to numbers: streams, gaps, loss, delay, signalling phases (no I/O but reading files)."""

from testbed.measure.capture import CaptureError
from testbed.measure.summary import measure_capture

__all__ = ["CaptureError", "measure_capture"]
