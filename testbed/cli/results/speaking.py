"""`speech`: what the far end heard, to listen to, and how good it was."""

import json
from pathlib import Path

import click
from rich.text import Text

from testbed.measure import MeasuredRun
from testbed.measure.listening.lqo import has_pesq
from testbed.measure.listening.speech import RunSpeech, to_wav
from testbed.measure.result.speech_scores import speech_result
from testbed.plain_text import say
from testbed.report.several.speech_table import speech_table
from testbed.report.terminal import console

FOLDER = "speech"
NO_SCORE = "no P.862 scores: the package pesq is not installed. It comes with: make .venv/.speech"


@click.command()
@click.argument(
    "runs", metavar="RUN…", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where the WAV files go, of several runs into a folder each [default: {FOLDER}/ in the run's folder].",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
def speech(runs: tuple[Path, ...], *, out: Path | None, as_json: bool) -> None:
    """Write the speech of runs as it was sent and as it was heard to WAV files, and score it (ITU-T P.862)."""
    names = _names(runs)
    if not has_pesq():
        say(NO_SCORE, err=True)
    results, folders = [], []
    for name, path in zip(names, runs, strict=True):
        said = MeasuredRun(path).speech
        folder = path / FOLDER if out is None else out / name if len(runs) > 1 else out
        _write(said, folder)
        results.append(speech_result(said))
        folders.append(folder)
    if as_json:
        say(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))
        return
    shown = console()
    shown.print(speech_table(list(zip(names, results, strict=True))))
    for name, result in zip(names, results, strict=True):
        for warning in result["warnings"]:
            shown.print(Text(f"warning, {name}: {warning}", style="yellow"))
    for folder in folders:
        shown.print(Text(f"WAV files: {folder}"))


def _names(runs: tuple[Path, ...]) -> list[str]:
    """What to call the runs: their folders' names, with those of the folders above if two were the same."""
    whole = [path.resolve() for path in runs]
    names = [path.name for path in whole]
    if len(set(names)) == len(names):
        return names
    names = [f"{path.parent.name}/{path.name}" for path in whole]
    if len(set(names)) < len(names):
        raise click.UsageError(f"two of these runs are called {max(names, key=names.count)}: ask for one at a time.")
    return names


def _write(said: RunSpeech, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for direction, one in said.directions.items():
        if one is not None:
            (folder / f"{direction}-sent.wav").write_bytes(to_wav(one.as_sent()))
            (folder / f"{direction}-heard.wav").write_bytes(to_wav(one.as_heard()))
