"""`measure`: numbers from captures and run folders."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from testbed.cli.results.captures_given import what_argument
from testbed.cli.results.failing_if import fail_if_option, read_conditions, say_what_fails, unmeasured_option
from testbed.cli.results.json_text import json_text
from testbed.cli.results.selecting import selection_options
from testbed.measure.capture.errors import CaptureError, NotInCaptureError
from testbed.measure.folder.of_captures import captures_in
from testbed.measure.result.summary import measure_capture
from testbed.plain_text import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.measure.folder.of_captures import FolderOfCaptures
    from testbed.measure.result.run import MeasuredRun
    from testbed.measure.selection.selection import Selection

_FAILED, _USERS_FAULT = 1, 2


class _Measured(NamedTuple):
    """What was measured of one run folder or capture; `is_one_of_many`: its folder was named, and not it."""

    path: Path
    run: MeasuredRun | None
    result: dict[str, Any]
    is_one_of_many: bool = False

    @property
    def as_json(self) -> dict[str, Any]:
        """The result, with its file's name where nobody has given it."""
        return {"file": str(self.path), **self.result} if self.is_one_of_many else self.result


@click.command()
@what_argument
@selection_options("--user")
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="Of captures: as --user. Of runs a number of yours: a file (./mine.py), or what a package brings; repeatable.",
)
@fail_if_option
@unmeasured_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
def measure(
    what: tuple[Path, ...],
    *,
    selection: Selection,
    numbers: tuple[str, ...],
    fail_if: tuple[str, ...],
    unmeasured: str,
    as_json: bool,
) -> None:
    """Measure run folders, or any capture: RTP streams with gaps, losses, jitter; RTCP; SIP dialogs and handovers.

    A capture may be compressed with gzip, a pipe, or - for standard input; of a folder of captures each is measured.
    """
    folders = [captures_in(path) if path.is_dir() else None for path in what]
    are_runs = [path.is_dir() and folder is None for path, folder in zip(what, folders, strict=True)]
    if any(are_runs) and not selection.is_everything:
        raise click.UsageError("--call-id, --user, --from and --to are about captures: name no run folders.")
    if numbers and not all(are_runs):
        if any(are_runs):
            raise click.UsageError("--number means one thing of runs, and another of captures: measure one at a time.")
        if any(word.endswith(".py") for word in numbers):
            raise click.UsageError("A file of --number is about runs: of captures it means a user or telephone number.")
        selection, numbers = replace(selection, numbers=(*selection.numbers, *numbers)), ()
    conditions = read_conditions(fail_if, runs=any(are_runs), captures=not all(are_runs))
    measured: list[_Measured] = []
    for path, folder in zip(what, folders, strict=True):
        measured += [_measured(path, numbers, selection)] if folder is None else _each_of(folder, selection)
    if as_json:
        results = [one.as_json for one in measured]
        alone = len(results) == 1 and not measured[0].is_one_of_many
        say(json_text(results[0] if alone else results))
    else:
        _show([one for one in measured if one.run is not None], [one for one in measured if one.run is None])
    whole = [(one.path, one.result) for one in measured if not {"error", "left_out"} & one.result.keys()]
    failed = say_what_fails(conditions, whole, unmeasured)
    if any("error" in one.result for one in measured):
        sys.exit(_USERS_FAULT)
    if failed:
        sys.exit(_FAILED)


def _measured(path: Path, numbers: tuple[str, ...], selection: Selection) -> _Measured:
    if not path.is_dir():
        return _Measured(path, None, measure_capture(path, selection))
    run = _open(path, numbers)
    return _Measured(path, run, run.result)


def _each_of(folder: FolderOfCaptures, selection: Selection) -> Iterator[_Measured]:
    """Measure every capture in a folder; one that cannot be read keeps nobody from reading the others."""
    for path in folder.captures:
        try:
            result = measure_capture(path, selection)
        except NotInCaptureError as error:
            result = {"left_out": error.what}
        except CaptureError as error:
            result = {"error": error.what}
        yield _Measured(path, None, result, is_one_of_many=True)
    for path in folder.others:
        yield _Measured(path, None, {"left_out": "is no capture"}, is_one_of_many=True)


# Both import what the measuring of a capture can do without, which takes as long as measuring a million packets.


def _open(folder: Path, numbers: tuple[str, ...]) -> MeasuredRun:
    from testbed.measure.numbers.user_numbers import load_numbers  # noqa: PLC0415 - see above
    from testbed.measure.result.run import MeasuredRun  # noqa: PLC0415 - see above

    return MeasuredRun(folder, load_numbers(numbers))


def _show(runs: list[_Measured], captures: list[_Measured]) -> None:
    from rich.text import Text  # noqa: PLC0415 - see above

    from testbed.cli.results.picturing import show_pictures  # noqa: PLC0415 - see above
    from testbed.report.several.comparison_table import comparison  # noqa: PLC0415 - see above
    from testbed.report.streams_table import tables  # noqa: PLC0415 - see above
    from testbed.report.terminal import console  # noqa: PLC0415 - see above

    out = console()
    opened = [one.run for one in runs if one.run is not None]
    if opened:
        schemes = [str(run.result["scheme"]) for run in opened]
        names = schemes if len({*schemes}) == len(schemes) else [run.folder.name for run in opened]
        out.print(comparison([(name, run.result) for name, run in zip(names, opened, strict=True)]))
        show_pictures(out, list(zip(names, opened, strict=True)))
    for path, _, result, _ in captures:
        why = result.get("error") or result.get("left_out")
        if why is None:
            out.print(Text(str(path), style="bold"))
            out.print(tables(result))
        else:
            out.print(Text(f"{'error' if 'error' in result else 'left out'}: {path}: {why}"))
