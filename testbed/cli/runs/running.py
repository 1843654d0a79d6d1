"""`run`, `compare`, `replay`: carry out scenarios and show what came out."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click
from rich.console import RenderableType
from rich.text import Text

from testbed.api import runs as scenarios
from testbed.api.carrying_out import EngineName
from testbed.api.opened import Run, Runs
from testbed.api.runs import DEFAULT_SCENARIO
from testbed.cli.own_name import own_name
from testbed.cli.results.own_numbers import number_option
from testbed.cli.results.picturing import show_pictures
from testbed.cli.runs.progress import Progress
from testbed.cli.whole_number import WholeNumber
from testbed.lab.plan import DuplicateDetection
from testbed.plain_text import say
from testbed.report.several.comparison_table import comparison
from testbed.report.terminal import console
from testbed.scenario.kinds.scenario import MOST_SEED, Side

engine_option = click.option(
    "--engine", type=click.Choice(get_args(EngineName)), help="[default: uml once that is prepared, else vm]"
)
seed_option = click.option("--seed", type=WholeNumber(min=0, max=MOST_SEED), help="Another seed than the scenario's.")
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
runs_option = click.option(
    "--runs", type=WholeNumber(min=1), default=1, show_default=True, help="Seeds to run each scheme with."
)
jobs_option = click.option("--jobs", type=WholeNumber(min=1), help="Runs at once  [default: 2, natively 1].")


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
@number_option
@click.option("--page/--no-page", default=True, help="Without: no report.html; `testbed report` makes it later.")
@out_option
@json_option
def run(  # noqa: PLR0913 - a command's options
    scenario: str, engine: EngineName | None, seed: int | None, scheme: str | None, failure: str | None,
    out: Path | None, *, trigger: str | None, cn: str | None, mn: str | None, hangs_up: Side | None,
    dad: DuplicateDetection | None, numbers: tuple[str, ...], page: bool, as_json: bool,
) -> None:  # fmt: skip
    """Carry out SCENARIO once: a name that we ship, or a file."""
    with Progress() as progress:
        one = scenarios.run(
            scenario, scheme=scheme, trigger=trigger, seed=seed, out=out, engine=engine, watch=progress.show,
            failure=failure, cn=cn, mn=mn, hangs_up=hangs_up, dad=dad, numbers=numbers, with_page=page,
        )  # fmt: skip
    finish([one], as_json=as_json, single=True)


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@schemes_option
@runs_option
@jobs_option
@engine_option
@seed_option
@failure_option
@cn_option
@mn_option
@hangs_up_option
@number_option
@out_option
@json_option
def compare(  # noqa: PLR0913 - a command's options
    scenario: str, schemes: tuple[str, ...], runs: int, jobs: int | None, engine: EngineName | None, seed: int | None,
    failure: str | None, out: Path | None, *, cn: str | None, mn: str | None, hangs_up: Side | None,
    numbers: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Carry out SCENARIO under several schemes, all of them its own by default, on the same link history."""
    with Progress() as progress:
        done = scenarios.compare(
            scenario, schemes=schemes, runs=runs, seed=seed, out=out, engine=engine, jobs=jobs, watch=progress.show,
            failure=failure, cn=cn, mn=mn, hangs_up=hangs_up, numbers=numbers,
        )  # fmt: skip
    finish(done, as_json=as_json, page=done.page)


@click.command()
@click.argument("failure")
@schemes_option
@runs_option
@jobs_option
@engine_option
@seed_option
@cn_option
@mn_option
@hangs_up_option
@number_option
@out_option
@json_option
def replay(  # noqa: PLR0913 - a command's options
    failure: str, schemes: tuple[str, ...], runs: int, jobs: int | None, engine: EngineName | None, seed: int | None,
    out: Path | None, *, cn: str | None, mn: str | None, hangs_up: Side | None, numbers: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Carry out the default scenario with the failure script FAILURE: a name that we ship, or a file."""
    with Progress() as progress:
        done = scenarios.replay(
            failure, schemes=schemes, runs=runs, seed=seed, out=out, engine=engine, jobs=jobs, watch=progress.show,
            cn=cn, mn=mn, hangs_up=hangs_up, numbers=numbers,
        )  # fmt: skip
    finish(done, as_json=as_json, page=done.page)


def finish(runs: Sequence[Run], *, as_json: bool, single: bool = False, page: Path | None = None) -> None:
    """Shows the results and ends the program: with 1 when a run failed. `page` compares them."""
    if as_json:
        results = [run.numbers for run in runs]
        sure = {"statistics": Runs(runs).statistics()} if has_seeds(runs) else {}
        say(json.dumps(results[0] if single else {"results": results, **sure}, indent=2, ensure_ascii=False))
    else:
        show(runs, page)
    if any(run.failure is not None for run in runs):
        sys.exit(1)


def tables_of_seeds(runs: Sequence[Run]) -> RenderableType:
    """Means over several seeds."""
    # Statistics are a twentieth of what a single run, which has none, takes beside the guest.
    from testbed.measure.folder.records import read_records  # noqa: PLC0415
    from testbed.report.several.groups import conditions  # noqa: PLC0415
    from testbed.report.several.many_tables import tables_of_many  # noqa: PLC0415

    return tables_of_many(conditions(read_records(run.folder for run in runs)))


def has_seeds(runs: Sequence[Run]) -> bool:
    """Whether there are several seeds, and so something to be said of how sure the numbers are."""
    return len({run.seed for run in runs}) > 1


def show(runs: Sequence[Run], page: Path | None = None) -> None:
    """The tables, where the runs are, and how to look into them; `page` compares them all."""
    out = console()
    measured = [(run.scheme or run.folder.name, run) for run in runs if run.numbers]
    if has_seeds(runs):
        out.print(tables_of_seeds(runs))
    elif measured:
        out.print(comparison([(scheme, run.numbers or {}) for scheme, run in measured]))
        show_pictures(out, [(scheme, run.measured) for scheme, run in measured])
    out.print("\nRun folders:")
    for run in runs:
        others = [f"{role.upper()}: {name}" for role, name in run.others.items()]
        failed = [] if run.failure is None else [Text(f"failed: {run.failure}", style="red")]
        out.print(Text("  ".join([f"  {run.folder}", *others])), *failed, soft_wrap=True)
    captured = [run.folder for run in runs if run.capture.exists()]
    if captured:
        command = f"  {own_name()} open {shlex.quote(str(captured[-1]))}"
        out.print("\nLook at the last one in Wireshark:", command, sep="\n", soft_wrap=True, markup=False)
    pages = [run.report for run in runs if run.report.exists()]
    if pages:
        out.print("Open the report:", f"  {pages[-1].resolve().as_uri()}", sep="\n", soft_wrap=True, markup=False)
    if page is not None:
        out.print("Open the comparison:", f"  {page.resolve().as_uri()}", sep="\n", soft_wrap=True, markup=False)
