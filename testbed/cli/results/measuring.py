"""`measure`: numbers from captures and run folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from testbed.measure.result.summary import measure_capture

if TYPE_CHECKING:
    from testbed.measure.result.run import MeasuredRun

number_option = click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="A number of yours: a file (./mine.py), or what an installed package brings; repeatable.",
)


@click.command()
@click.argument(
    "what", metavar="RUN_OR_CAPTURE…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@number_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
def measure(what: tuple[Path, ...], *, numbers: tuple[str, ...], as_json: bool) -> None:
    """Measure run folders, or any capture: RTP streams with gaps, losses, jitter; RTCP; SIP dialogs and handovers."""
    if numbers and not all(path.is_dir() for path in what):
        raise click.UsageError("--number is about runs: name run folders, not captures.")
    opened = [_open(path, numbers) if path.is_dir() else None for path in what]
    results = [measure_capture(path) if run is None else run.result for path, run in zip(what, opened, strict=True)]
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))
        return
    _show(
        [run for run in opened if run is not None],
        [(path, one) for path, one in zip(what, results, strict=True) if not path.is_dir()],
    )


# Both import what the measuring of a capture can do without, which takes as long as measuring a million packets.


def _open(folder: Path, numbers: tuple[str, ...]) -> MeasuredRun:
    from testbed.measure.numbers.user_numbers import load_numbers  # noqa: PLC0415 - see above
    from testbed.measure.result.run import MeasuredRun  # noqa: PLC0415 - see above

    return MeasuredRun(folder, load_numbers(numbers))


def _show(runs: list[MeasuredRun], captures: list[tuple[Path, dict[str, Any]]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - see above

    from testbed.cli.results.picturing import show_pictures  # noqa: PLC0415 - see above
    from testbed.report.several.comparison_table import comparison  # noqa: PLC0415 - see above
    from testbed.report.streams_table import tables  # noqa: PLC0415 - see above
    from testbed.report.terminal import console  # noqa: PLC0415 - see above

    out = console()
    if runs:
        schemes = [str(run.result["scheme"]) for run in runs]
        names = schemes if len({*schemes}) == len(schemes) else [run.folder.name for run in runs]
        out.print(comparison([(name, run.result) for name, run in zip(names, runs, strict=True)]))
        show_pictures(out, list(zip(names, runs, strict=True)))
    for path, result in captures:
        out.print(Text(str(path), style="bold"))
        out.print(tables(result))
