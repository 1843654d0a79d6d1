"""`measure`: numbers from captures and run folders."""

import json
from pathlib import Path
from typing import Any

import click

from testbed.measure.result.summary import measure_capture


@click.command()
@click.argument(
    "what", metavar="RUN_OR_CAPTURE…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
def measure(what: tuple[Path, ...], *, as_json: bool) -> None:
    """Measure run folders, or any capture: RTP streams with gaps, losses, jitter; RTCP; SIP dialogs and handovers."""
    results = [_measure_run(path) if path.is_dir() else measure_capture(path) for path in what]
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))
        return
    _show(what, results)


# Both import what the measuring of a capture can do without, which takes as long as measuring a million packets.


def _measure_run(folder: Path) -> dict[str, Any]:
    from testbed.measure.result.result import measure_run  # noqa: PLC0415 - see above

    return measure_run(folder)


def _show(what: tuple[Path, ...], results: list[dict[str, Any]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - see above

    from testbed.cli.results.picturing import show_pictures  # noqa: PLC0415 - see above
    from testbed.report.several.comparison_table import comparison  # noqa: PLC0415 - see above
    from testbed.report.streams_table import tables  # noqa: PLC0415 - see above
    from testbed.report.terminal import console  # noqa: PLC0415 - see above

    out = console()
    folders = [(path, result) for path, result in zip(what, results, strict=True) if path.is_dir()]
    if folders:
        schemes = [str(result["scheme"]) for _, result in folders]
        names = schemes if len({*schemes}) == len(schemes) else [path.name for path, _ in folders]
        out.print(comparison([(name, result) for name, (_, result) in zip(names, folders, strict=True)]))
        show_pictures(out, [(name, path, result) for name, (path, result) in zip(names, folders, strict=True)])
    for path, result in zip(what, results, strict=True):
        if not path.is_dir():
            out.print(Text(str(path), style="bold"))
            out.print(tables(result))
