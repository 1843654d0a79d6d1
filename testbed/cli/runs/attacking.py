"""`attack`: calls with somebody in the network who would like to hear, move or end them."""

import asyncio
import sys
from pathlib import Path

import click
from rich.text import Text

from testbed.attacks.attacks_table import attack_table
from testbed.attacks.catalogue import Tried, attack_steps, calls
from testbed.attacks.outcome import verdicts
from testbed.cli.runs.progress import Progress
from testbed.cli.runs.running import new_folder, out_option
from testbed.engine.choose import make_engine
from testbed.lab.plan import Plan
from testbed.report.terminal import console
from testbed.runner import FinishedRun, carry_out_plan, describe
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.kinds.topology import CORRESPONDENT
from testbed.scenario.plan.compile import compile_plan

SCENARIO = "attacked"
SCHEMES = ("handover-cn", "handover-b2bua")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--scheme", "schemes", multiple=True, type=click.Choice(SCHEMES), help="Only this scheme; repeatable.")
@click.option("--unguarded", is_flag=True, help="Have the CN believe anybody: shows what its guards are for.")
@out_option
def attack(names: tuple[str, ...], schemes: tuple[str, ...], out: Path | None, *, unguarded: bool) -> None:
    """Carry out the attacks of these names, all by default, on calls.

    Ends with 1 when one has another answer or effect than it has to have.
    """
    known = {one.name for scheme in SCHEMES for call in calls(scheme) for one in call}
    if unknown := set(names) - known:
        raise click.UsageError(f"there is no attack {min(unknown)!r}; possible are: {', '.join(sorted(known))}.")
    folder = new_folder(out, "attacks")
    is_wrong = False
    for scheme in schemes or SCHEMES:
        for number, call in enumerate(calls(scheme), start=1):
            tried = [one for one in call if not names or one.name in names]
            if tried:
                is_wrong |= attack_call(scheme, tried, folder / f"{scheme}-{number}", unguarded=unguarded)
    if is_wrong:
        sys.exit(1)


def attack_call(scheme: str, tried: list[Tried], folder: Path, *, unguarded: bool) -> bool:
    """One call: shows what came of the attacks on it, and says whether something went wrong."""
    experiment = load_experiment(SCENARIO, scheme=scheme)
    plan = compile_plan(experiment)
    plan["timeline"] = sorted([*plan["timeline"], *attack_steps(tried)], key=lambda step: step["at_s"])
    if unguarded:
        open_up(plan)
    done = carry_out(experiment, plan, folder)
    out = console()
    if done.failure is not None:
        out.print(Text(f"{folder}: the run failed: {done.failure}", style="red"))
        return True
    found = verdicts(folder, tried)
    out.print(attack_table(f"Attacks on a call under {scheme}", found), Text())
    return any(one.wrong for one in found)


def open_up(plan: Plan) -> None:
    """Takes from the CN what it knows its callers by."""
    for agent in plan["agents"]:
        if agent["role"] == CORRESPONDENT:
            agent["config"] = {
                name: value for name, value in agent["config"].items() if name not in {"realm", "users", "caller_stays"}
            }


def carry_out(experiment: Experiment, plan: Plan, folder: Path) -> FinishedRun:
    """Runs the plan, with progress on standard error."""
    name = folder.name

    async def once() -> FinishedRun:
        engine = make_engine("vm")
        with Progress() as progress:
            place = await engine.prepare(plan, progress.say)
            progress.begin(name)
            manifest = describe(experiment, plan, engine, place)
            done = await carry_out_plan(plan, manifest, place, folder, lambda report: progress.report(name, report))
            progress.end(name, "done" if done.failure is None else f"FAILED: {done.failure}")
        return done

    return asyncio.run(once())
