"""`sweep`: a campaign, or what of it is not there yet; then what came out."""

import json
import sys
from pathlib import Path

import click

from testbed.api import campaigns
from testbed.api.carrying_out import EngineName
from testbed.cli.runs.running import engine_option, out_option
from testbed.cli.runs.sweep_progress import SweepProgress
from testbed.cli.whole_number import WholeNumber
from testbed.plain_text import say
from testbed.report.several.groups import conditions
from testbed.report.several.sweep_table import sweep_table
from testbed.report.terminal import console


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--jobs", type=WholeNumber(min=1), help="Runs at once  [default: one a processor, natively 1].")
@click.option("--scheduler", metavar="ADDRESS", help="Let the workers of a Dask scheduler do it: tcp://HOST:8786.")
@engine_option
@out_option
@click.option("--json", "as_json", is_flag=True, help="Print where everything is as JSON, and nothing else.")
def sweep(
    file: Path, jobs: int | None, scheduler: str | None, engine: EngineName | None, out: Path | None, *, as_json: bool
) -> None:
    """Carry out the campaign in FILE: scenarios, schemes, seeds, and fields that are varied.

    What is there already is not done again: a campaign that was stopped, or grew, goes on. Ends with 1 when a run
    failed, also the second time.
    """
    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs is for workers on this machine; those of a scheduler say how many they are.")
    with SweepProgress() as progress:
        done = campaigns.sweep(file, out=out, engine=engine, jobs=jobs, scheduler=scheduler, watch=progress.show)
    if as_json:
        told = {"folder": done.folder, "data": list(done.data), "runs": len(done), "made": done.made}
        say(json.dumps({**told, "failed": done.failed}, indent=2, ensure_ascii=False, default=str))
    else:
        out_console = console()
        out_console.print(sweep_table(conditions(done.records)))
        lines = [f"\n{len(done)} runs, {done.made} of them made now, {done.failed} failed.", "All numbers of all runs:"]
        out_console.print(*lines, *(f"  {path}" for path in done.data), sep="\n", soft_wrap=True, markup=False)
    if done.failed:
        sys.exit(1)
