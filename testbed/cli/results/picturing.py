"""The pictures of handovers beside the tables of `run`, `compare` and `measure`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from testbed.measure import CaptureError, RunFolderError
from testbed.measure.result.story import Story, read_story
from testbed.report.one_run.terminal_picture import pictures


def show_pictures(out: Console, runs: Sequence[tuple[str, Path, dict[str, Any]]]) -> None:
    """Shows a picture of each run, given by name, folder and result; none of them where they are of several seeds."""
    if len({result["seed"] for _, _, result in runs}) > 1:
        return
    stories: list[tuple[str, Story]] = []
    for name, folder, result in runs:
        try:
            stories.append((name, read_story(folder, result)))
        except (CaptureError, RunFolderError) as error:
            out.print(f"no picture of {name}: {error}", style="yellow", markup=False)
    if stories:
        out.print()
        out.print(pictures(stories))
