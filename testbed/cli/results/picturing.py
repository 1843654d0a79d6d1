"""The pictures of handovers beside the tables of `run`, `compare` and `measure`."""

from collections.abc import Sequence

from rich.console import Console

from testbed.measure import CaptureError, MeasuredRun, RunFolderError
from testbed.report.one_run.terminal_picture import pictures


def show_pictures(out: Console, runs: Sequence[tuple[str, MeasuredRun]]) -> None:
    """Shows a picture of each measured run, given with its name; none of them where they are of several seeds."""
    if len({run.result["seed"] for _, run in runs}) > 1:
        return
    stories = []
    for name, run in runs:
        try:
            stories.append((name, run.story))
        except (CaptureError, RunFolderError) as error:
            out.print(f"no picture of {name}: {error}", style="yellow", markup=False)
    if stories:
        out.print()
        out.print(pictures(stories))
