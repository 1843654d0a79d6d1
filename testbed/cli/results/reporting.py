"""`report`: the page of a run, of several, or of any capture, from their files alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testbed.api.errors import OutputError
from testbed.cli.results.captures_given import captures_at, what_argument
from testbed.cli.results.selecting import selection_options
from testbed.measure import CaptureError, MeasuredRun
from testbed.measure.folder.records import find_runs
from testbed.plain_text import say

if TYPE_CHECKING:
    from testbed.measure.selection.selection import Selection

SUFFIX = ".html"


@click.command()
@what_argument
@selection_options("--user", "--number")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help=f"The page of a capture [default: CAPTURE{SUFFIX} beside it].",
)
def report(what: tuple[Path, ...], *, selection: Selection, out: Path | None) -> None:
    """Write report.html into each run folder RUN: what happened, to be looked at in a browser, with or without network.

    RUN may be a folder of runs, too. Several runs are compared in comparison.html beside them. Made from the folders'
    files alone; a run that failed has a page too, which says so. Of any capture: its streams, calls, key presses,
    numbers over time, what can be heard, messages; of a folder of captures a page for each.
    """
    captures = [captures_at(path) for path in what]
    if any(captures):
        if not all(captures):
            raise click.UsageError("runs and captures have different pages: name one kind at a time.")
        are_named = all(not path.is_dir() for path in what)
        _of_captures([one for some in captures for one in some], selection, out, are_named=are_named)
        return
    if not selection.is_everything or out is not None:
        raise click.UsageError("--call-id, --user, --from, --to and --out are about captures: name no run folders.")
    _of_runs(what)


def _of_captures(captures: list[Path], selection: Selection, out: Path | None, *, are_named: bool) -> None:
    """Write a page for each; unless they `are_named`, one that has nothing to show keeps no others from it."""
    from testbed.report.one_capture.capture_page import write_capture_page  # noqa: PLC0415 - plotting library

    if out is not None and len(captures) > 1:
        raise click.UsageError("--out names one page: name one capture at a time.")
    if out is None and Path("-") in captures:
        raise click.UsageError("of standard input: say with --out where the page goes.")
    for path in captures:
        page = path.with_name(path.name + SUFFIX) if out is None else out
        if not page.parent.is_dir():
            raise OutputError(page, f"can't be written: there is no folder {page.parent}")
        if page.exists() and page.samefile(path):
            raise OutputError(page, "is the capture itself; name another file")
        try:
            write_capture_page(path, page, selection)
        except CaptureError as error:
            if are_named:
                raise
            say(f"left out: {error}", err=True)
            continue
        say(page)


def _of_runs(runs: tuple[Path, ...]) -> None:
    from testbed.report.one_run.page import write_page  # noqa: PLC0415 - plotting library
    from testbed.report.several.comparison_page import PAGE, write_comparison  # noqa: PLC0415 - no other command waits for the

    folders = find_runs(runs)
    for folder in folders:
        say(write_page(MeasuredRun(folder)))
    if len(folders) > 1:
        common = Path(os.path.commonpath([folder.resolve().parent for folder in folders]))
        say(write_comparison(folders, common / PAGE))
