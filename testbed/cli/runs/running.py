"""`run`, `compare`, `replay`: carry out scenarios and show what came out."""

import asyncio
import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
from rich.text import Text

from testbed.cli.results.picturing import show_pictures
from testbed.cli.runs.progress import Progress
from testbed.engine.choose import make_engine
from testbed.engine.engine import Place
from testbed.lab.plan import DuplicateDetection, Plan
from testbed.measure.folder.records import read_records
from testbed.report.several.comparison_table import comparison
from testbed.report.several.groups import conditions
from testbed.report.several.means_table import tables_of_many
from testbed.report.terminal import console
from testbed.runner import FinishedRun, carry_out, prepare
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.kinds.scenario import MOST_SEED, Side
from testbed.scenario.plan.compile import compile_plan

DEFAULT_SCENARIO = "wifi-to-umts"
# One virtual machine has one processor.
DEFAULT_JOBS = 2

engine_option = click.option("--engine", type=click.Choice(["vm", "native"]), default="vm", show_default=True)
seed_option = click.option(
    "--seed", type=click.IntRange(min=0, max=MOST_SEED), help="Another seed than the scenario's."
)
failure_option = click.option("--failure", metavar="FAILURE", help="Another failure script than the scenario's.")
cn_option = click.option("--cn", metavar="PHONE", help="Another correspondent than the scenario's: a name, or a file.")
mn_option = click.option("--mn", metavar="PHONE", help="Another mobile node than the scenario's: a name, or a file.")
hangs_up_option = click.option(
    "--hangs-up", type=click.Choice(get_args(Side)), help="Who ends the call, instead of the scenario's."
)
dad_option = click.option(
    "--dad", type=click.Choice(get_args(DuplicateDetection)), help="IPv6: another detection of duplicates."
)
out_option = click.option("--out", type=click.Path(path_type=Path), help="Where the results go [default: runs/…].")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
schemes_option = click.option(
    "--scheme", "schemes", multiple=True, metavar="SCHEME", help="Only this scheme; repeatable."
)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), default=DEFAULT_JOBS, show_default=True, help="Runs at once."
)


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@engine_option
@seed_option
@click.option("--scheme", metavar="SCHEME", help="Another scheme than the scenario's.")
@click.option("--trigger", metavar="TRIGGER", help="One of the scenario's triggers instead of the scheme's own.")
@failure_option
@cn_option
@mn_option
@hangs_up_option
@dad_option
@out_option
@json_option
def run(  # noqa: PLR0913 - a command's options
    scenario: str, engine: str, seed: int | None, scheme: str | None, failure: str | None, out: Path | None, *,
    trigger: str | None, cn: str | None, mn: str | None, hangs_up: Side | None, dad: DuplicateDetection | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Carry out SCENARIO once: a name that we ship, or a file."""
    experiment = load_experiment(
        scenario, scheme=scheme, failure=failure, cn=cn, mn=mn, hangs_up=hangs_up, seed=seed, dad=dad, trigger=trigger
    )
    folder = new_folder(out, f"{experiment.scenario.name}-{experiment.label}-seed{experiment.seed}")
    (done,) = carry_out_all([(experiment, folder)], engine, jobs=1)
    finish([done], as_json=as_json, single=True)


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@schemes_option
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Seeds to run each scheme with.")
@jobs_option
@engine_option
@seed_option
@failure_option
@cn_option
@hangs_up_option
@out_option
@json_option
def compare(  # noqa: PLR0913 - a command's options
    scenario: str, schemes: tuple[str, ...], runs: int, jobs: int, engine: str, seed: int | None, failure: str | None,
    out: Path | None, *, cn: str | None, hangs_up: Side | None, as_json: bool,
) -> None:  # fmt: skip
    """Carry out SCENARIO under several schemes, all of them its own by default, on the same link history."""
    first = load_experiment(scenario, failure=failure, cn=cn, hangs_up=hangs_up, seed=seed)
    folder = new_folder(out, f"{first.scenario.name}-compare-seed{first.seed}")
    experiments = [
        load_experiment(scenario, scheme=scheme, failure=failure, cn=cn, hangs_up=hangs_up, seed=first.seed + number)
        for scheme in dict.fromkeys(schemes or first.scenario.schemes)
        for number in range(runs)
    ]
    work = [(one, folder / (one.scheme if runs == 1 else f"{one.scheme}-seed{one.seed}")) for one in experiments]
    finish(carry_out_all(work, engine, jobs=jobs), as_json=as_json, single=False, page_in=folder)


@click.command()
@click.argument("failure")
@schemes_option
@jobs_option
@engine_option
@seed_option
@out_option
@json_option
def replay(
    failure: str, schemes: tuple[str, ...], jobs: int, engine: str, seed: int | None, out: Path | None, *, as_json: bool
) -> None:
    """Carry out the default scenario with the failure script FAILURE: a name that we ship, or a file."""
    first = load_experiment(DEFAULT_SCENARIO, failure=failure, seed=seed)
    folder = new_folder(out, f"{first.failure.name}-replay-seed{first.seed}")
    work = [
        (load_experiment(DEFAULT_SCENARIO, scheme=scheme, failure=failure, seed=first.seed), folder / scheme)
        for scheme in dict.fromkeys(schemes or first.scenario.schemes)
    ]
    finish(carry_out_all(work, engine, jobs=jobs), as_json=as_json, single=False, page_in=folder)


def carry_out_all(work: list[tuple[Experiment, Path]], engine_name: str, *, jobs: int) -> list[FinishedRun]:
    """Carries out experiments, several at once, with progress on standard error."""

    async def all_of_them() -> list[FinishedRun]:
        engine = make_engine(engine_name)
        turns = asyncio.Semaphore(jobs)
        with Progress() as progress:
            for doubt in dict.fromkeys(doubt for experiment, _ in work for doubt in doubts(experiment)):
                progress.say(f"warning: {doubt}")
            plans = [compile_plan(experiment) for experiment, _ in work]
            places = [
                await prepare(experiment, plan, engine, progress.say)
                for (experiment, _), plan in zip(work, plans, strict=True)
            ]

            async def one(experiment: Experiment, folder: Path, plan: Plan, place: Place) -> FinishedRun:
                name = folder.name if len(work) > 1 else experiment.label
                async with turns:
                    progress.begin(name)
                    done = await carry_out(
                        experiment, plan, engine, place, folder, lambda report: progress.report(name, report)
                    )
                    progress.end(name, "done" if done.failure is None else f"FAILED: {done.failure}")
                    return done

            rows = zip(work, plans, places, strict=True)
            return await asyncio.gather(*(one(*item, plan, place) for item, plan, place in rows))

    return asyncio.run(all_of_them())


def finish(runs: list[FinishedRun], *, as_json: bool, single: bool, page_in: Path | None = None) -> None:
    """Shows the results and ends the program: with 1 when a run failed. `page_in` gets the page that compares them."""
    page = None if page_in is None else compared(runs, page_in)
    if as_json:
        results = [run.result for run in runs]
        click.echo(json.dumps(results[0] if single else {"results": results}, indent=2, ensure_ascii=False))
    else:
        show(runs, page)
    if any(run.failure is not None for run in runs):
        sys.exit(1)


def compared(runs: list[FinishedRun], folder: Path) -> Path:
    """Writes the page that compares runs into their folder."""
    from testbed.report.several.comparison_page import PAGE, write_comparison  # noqa: PLC0415 - bokeh takes half a second to load

    return write_comparison((run.folder for run in runs), folder / PAGE)


def show(runs: list[FinishedRun], page: Path | None = None) -> None:
    """The tables, where the runs are, and how to look into them; `page` compares them all."""
    out = console()
    if len({run.seed for run in runs}) > 1:
        out.print(tables_of_many(conditions(read_records(run.folder for run in runs))))
    elif any(run.result for run in runs):
        out.print(comparison([(run.scheme, run.result) for run in runs if run.result]))
        show_pictures(out, [(run.scheme, run.folder, run.result) for run in runs if run.result])
    out.print("\nRun folders:")
    for run in runs:
        said = "" if run.failure is None else f"failed: {run.failure}"
        out.print(Text(f"  {run.folder}"), *([Text(said, style="red")] if said else []), soft_wrap=True)
    captured = [run.folder for run in runs if (run.folder / "run.pcapng").exists()]
    if captured:
        command = f"  {own_name()} open {shlex.quote(str(captured[-1]))}"
        out.print("\nLook at the last one in Wireshark:", command, sep="\n", soft_wrap=True, markup=False)
    pages = [run.folder / "report.html" for run in runs if (run.folder / "report.html").exists()]
    if pages:
        out.print("Open the report:", f"  {pages[-1].resolve().as_uri()}", sep="\n", soft_wrap=True, markup=False)
    if page is not None:
        out.print("Open the comparison:", f"  {page.resolve().as_uri()}", sep="\n", soft_wrap=True, markup=False)


def own_name() -> str:
    """What to type for this command, as it was called: it need not be on the PATH."""
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "testbed" else "testbed"


def new_folder(out: Path | None, name: str) -> Path:
    """Where results go; never a folder that has something in it."""
    if out is not None:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            what = "is not empty" if out.is_dir() else "is a file"
            raise click.UsageError(f"{out} {what}; name a folder that is not there yet.")
        return out
    stamp = datetime.now(tz=UTC).strftime("%Y%m%d-%H%M%S")
    return Path("runs") / unused(Path("runs"), f"{stamp}-{name}")


def unused(parent: Path, name: str) -> str:
    """The name, with a number where there is such a folder already."""
    candidates = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(candidate for candidate in candidates if not (parent / candidate).exists())
