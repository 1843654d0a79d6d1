"""`verify`: the same run again; the same bytes?"""

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import click

from testbed.cli.runs.progress import Progress
from testbed.engine.choose import make_engine
from testbed.engine.engine import Engine
from testbed.lab.plan import Plan
from testbed.measure import RunFolderError, first_difference
from testbed.measure.folder.run_folder import check_version
from testbed.runner import FinishedRun, carry_out_plan, code_digest


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the second run in this folder.")
def verify(run: Path, keep: Path | None) -> None:
    """Carry out the run in folder RUN again and compare every byte of its captures, and its result.

    Ends with 0 when they are the same; else with 1, naming the first packet that differs.
    """
    manifest = read(run, "manifest.json", ("engine", "scheme", "seed", "engine_identity", "versions", "reproducible"))
    plan = cast("Plan", read(run, "plan.json", tuple(Plan.__annotations__)))
    with tempfile.TemporaryDirectory(prefix="testbed-verify-") as scratch:
        again, changed = carry_out_again(plan, manifest, Path(scratch) / "again")
        for line in changed:
            click.echo(f"note: {line}", err=True)
        difference = first_difference(run, again.folder)
        same_result = content(run / "result.json") == content(again.folder / "result.json")
        if keep is not None:
            shutil.copytree(again.folder, keep)
    if difference is not None:
        click.echo(f"different: {difference}")
        sys.exit(1)
    if not same_result:
        click.echo("different: result.json, though the captures are the same")
        sys.exit(1)
    count = len(list((run / "captures").glob("*.pcap")))
    click.echo(f"the same: {count} captures and result.json, byte for byte")


def carry_out_again(plan: Plan, manifest: dict[str, Any], folder: Path) -> tuple[FinishedRun, list[str]]:
    """Runs a plan again; returns the run, and what is not as it was the first time."""

    async def again() -> tuple[FinishedRun, list[str]]:
        engine = engine_of(manifest)
        with Progress() as progress:
            place = await engine.prepare(plan, progress.say)
            changed = changes(manifest, place.identity())
            progress.begin(manifest["scheme"])
            done = await carry_out_plan(
                plan,
                manifest,
                place,
                folder,
                lambda report: progress.report(manifest["scheme"], report),
            )
            progress.end(manifest["scheme"], "done" if done.failure is None else f"FAILED: {done.failure}")
        return done, changed

    return asyncio.run(again())


def changes(manifest: dict[str, Any], identity: dict[str, str]) -> list[str]:
    """In what this machine, or this version, is not the one that made the run."""
    before = dict(manifest["engine_identity"])
    found = [
        f"{name} was {before.get(name)} and is {value} now"
        for name, value in identity.items()
        if before.get(name) != value
    ]
    if manifest["versions"].get("code_sha256") != code_digest():
        found.append("the testbed's own code has changed since")
    return found


def engine_of(manifest: dict[str, Any]) -> Engine:
    """The engine that made the run; raises ClickException for one that can't give the same bytes."""
    if not manifest["reproducible"]:
        raise click.ClickException(f"the {manifest['engine']} engine made this run, and is never the same twice")
    try:
        return make_engine(manifest["engine"])
    except KeyError:
        raise click.ClickException(f"there is no engine '{manifest['engine']}', which made this run") from None


def content(path: Path) -> bytes | None:
    """The content of a file; None when it is not there, as after a run in which nothing could be measured."""
    return path.read_bytes() if path.exists() else None


def read(folder: Path, name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """A JSON file of a run folder, with these fields; raises RunFolderError."""
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFolderError(path, f"cannot be read: {error.strerror}; name the folder of a run") from error
    except (ValueError, RecursionError) as error:
        raise RunFolderError(path, f"is not JSON: {error}; name the folder of a run") from error
    if isinstance(found, dict) and "schema_version" in found:
        check_version(path, found)
    for field in fields:
        if not isinstance(found, dict) or field not in found:
            raise RunFolderError(path, f"has no '{field}'; name the folder of a run that this version made")
    return dict(found)
