"""`verify`: the same run again; the same bytes?"""

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import click

from testbed.cli.progress import Progress
from testbed.engine.engine import make_engine
from testbed.lab.plan import Plan
from testbed.measure import RunError, first_difference
from testbed.runner import Run, carry_out_plan, code_digest


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the second run in this folder.")
def verify(run: Path, keep: Path | None) -> None:
    """Carry out the run in folder RUN again and compare every byte of its captures, and its result.

    Ends with 0 when they are the same; else with 1, naming the first packet that differs.
    """
    manifest, plan = read(run, "manifest.json"), cast("Plan", read(run, "plan.json"))
    with tempfile.TemporaryDirectory(prefix="testbed-verify-") as scratch:
        again, changed = carry_out_again(plan, manifest, Path(scratch) / "again")
        for line in changed:
            click.echo(f"note: {line}", err=True)
        difference = first_difference(run, again.folder)
        same_result = (run / "result.json").read_bytes() == (again.folder / "result.json").read_bytes()
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


def carry_out_again(plan: Plan, manifest: dict[str, Any], folder: Path) -> tuple[Run, list[str]]:
    """Runs a plan again; returns the run, and what is not as it was the first time."""

    async def again() -> tuple[Run, list[str]]:
        engine = make_engine(manifest["engine"])
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
            progress.end(manifest["scheme"], "done")
        return done, changed

    return asyncio.run(again())


def changes(manifest: dict[str, Any], identity: dict[str, str]) -> list[str]:
    """In what this machine, or this version, is not the one that made the run."""
    before = manifest["engine_identity"]
    found = [
        f"{name} was {before.get(name)} and is {value} now"
        for name, value in identity.items()
        if before.get(name) != value
    ]
    if manifest["versions"]["code_sha256"] != code_digest():
        found.append("the testbed's own code has changed since")
    return found


def read(folder: Path, name: str) -> dict[str, Any]:
    """A JSON file of a run folder; raises RunError."""
    try:
        content: dict[str, Any] = json.loads((folder / name).read_text())
    except (OSError, ValueError) as error:
        raise RunError(folder / name, f"cannot be read: {error}") from error
    return content
