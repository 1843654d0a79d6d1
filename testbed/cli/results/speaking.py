"""`speech`: what the far end heard, to listen to, and how good it was."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from testbed.cli.results.captures_given import captures_at, what_argument
from testbed.cli.results.selecting import selection_options
from testbed.measure import MeasuredRun, read_records
from testbed.measure.bare.stream_speech import speech_of_streams
from testbed.measure.listening.lqo import has_pesq
from testbed.measure.listening.speech import RunSpeech, to_wav
from testbed.measure.result.found import SelectedCapture
from testbed.measure.result.speech_scores import speech_result
from testbed.plain_text import say
from testbed.report.several.groups import conditions
from testbed.report.several.speech_table import mean_speech_table, speech_table
from testbed.report.streams_table import speech_of_streams_table
from testbed.report.terminal import console, wide_console

if TYPE_CHECKING:
    from testbed.measure.selection.selection import Selection

FOLDER = "speech"
NO_SCORE = "no P.862 scores: the package pesq is not installed. It comes with: make .venv/.speech"


@click.command()
@what_argument
@selection_options("--user", "--number")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where the WAV files go, of several into a folder each [default: {FOLDER}/ in the run's folder; "
    f"of CAPTURE the folder CAPTURE.{FOLDER} beside it].",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
def speech(what: tuple[Path, ...], *, selection: Selection, out: Path | None, as_json: bool) -> None:
    """Write the speech of runs as it was sent and as it was heard to WAV files, and score it (ITU-T P.862).

    Of any capture, what can be decoded of each RTP stream: G.711 and GSM.
    """
    captures = [captures_at(path) for path in what]
    if not any(captures):
        if not selection.is_everything:
            raise click.UsageError("--call-id, --user, --from and --to are about captures: name no run folders.")
        _of_runs(what, out, as_json=as_json)
    elif not all(captures):
        raise click.UsageError("runs and captures have different speech: name one kind at a time.")
    else:
        _of_captures(tuple(one for some in captures for one in some), selection, out, as_json=as_json)


def _of_runs(runs: tuple[Path, ...], out: Path | None, *, as_json: bool) -> None:
    records = read_records(runs)
    if not has_pesq():
        say(NO_SCORE, err=True)
    results, folders = dict[str, dict[str, Any]](), []
    for record in records:
        said = MeasuredRun(record.folder).speech
        folder = record.folder / FOLDER if out is None else out / record.name if len(records) > 1 else out
        _write(said, folder)
        results[record.name] = speech_result(said)
        folders.append(folder)
    if as_json:
        _say_json(list(results.values()))
        return
    shown = console()
    known = conditions(records)
    if any(len(series.seeds) > 1 for one in known for series in one.series):
        # Wider than any other; where nobody sees where a line ends it is not to be cut.
        (shown if shown.is_terminal else wide_console()).print(mean_speech_table(known, results))
        for warned, times in Counter(one for result in results.values() for one in result["warnings"]).items():
            shown.print(Text(f"warning, of {times} runs: {warned}", style="yellow"))
        shown.print(Text(f"WAV files: {f'{FOLDER}/ in each run' if out is None else out}"))
        return
    shown.print(speech_table(list(results.items())))
    for name, result in results.items():
        for warning in result["warnings"]:
            shown.print(Text(f"warning, {name}: {warning}", style="yellow"))
    for folder in folders:
        shown.print(Text(f"WAV files: {folder}"))


def _names(paths: tuple[Path, ...]) -> list[str]:
    """What to call them: their own names, with those of the folders above if two were the same."""
    whole = [path.resolve() for path in paths]
    names = [path.name for path in whole]
    if len(set(names)) == len(names):
        return names
    names = [f"{path.parent.name}/{path.name}" for path in whole]
    if len(set(names)) < len(names):
        raise click.UsageError(f"two of these are called {max(names, key=names.count)}: ask for one at a time.")
    return names


def _write(said: RunSpeech, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for direction, one in said.directions.items():
        if one is not None:
            (folder / f"{direction}-sent.wav").write_bytes(to_wav(one.as_sent(), one.rate_hz))
            (folder / f"{direction}-heard.wav").write_bytes(to_wav(one.as_heard(), one.rate_hz))


def _of_captures(captures: tuple[Path, ...], selection: Selection, out: Path | None, *, as_json: bool) -> None:
    names = _names(captures)
    if out is None and Path("-") in captures:
        raise click.UsageError("of standard input: say with --out where the WAV files go.")
    results, folders = [], []
    for name, path in zip(names, captures, strict=True):
        beside = path.with_name(f"{path.name}.{FOLDER}")
        folders.append(beside if out is None else out / name if len(captures) > 1 else out)
        results.append(_of_capture(path, selection, folders[-1]))
    if as_json:
        _say_json(results)
        return
    shown = console()
    for result, folder in zip(results, folders, strict=True):
        shown.print(speech_of_streams_table(result))
        if any(one["file"] for one in result["streams"]):
            shown.print(Text(f"WAV files: {folder}"))


def _of_capture(path: Path, selection: Selection, folder: Path) -> dict[str, Any]:
    """Write the WAV files of a capture; return what is in them."""
    opened = SelectedCapture(path, selection, keeps=True)
    streams = []
    for one in speech_of_streams(opened):
        file = None
        if (wav := one.wav()) is not None:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / one.file_name
            file.write_bytes(wav)
        streams.append(one.described(opened.found.captured.start_ns, None if file is None else str(file)))
    return {"capture": str(path), "streams": streams, "warnings": list(opened.warnings)}


def _say_json(results: list[dict[str, Any]]) -> None:
    say(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))
