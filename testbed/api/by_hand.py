"""`shell` and `live`: a scenario's call in wall-clock time, with somebody at Mininet's prompt, or watching packets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from testbed.api.carrying_out import Job, News, Watch, carry_out_on, ignore
from testbed.api.opened import Run
from testbed.api.places_of_runs import new_folder
from testbed.engine.hands.wall_clock_vm import WallClockVm
from testbed.runner import FinishedRun, carry_out
from testbed.scenario.experiment.experiment import Experiment, hung_up, load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.plan.compile import compile_plan

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.engine.engine import Engine, Place, Report
    from testbed.engine.hands.user import User
    from testbed.lab.plan import Plan
    from testbed.scenario.kinds.scenario import Side

#: Who hangs up for whoever leaves the prompt.
HANGS_UP: Side = "cn"
BY_HAND = FailureScript.model_construct(name="by-hand", about="what is done by hand", steps=[], traces=[])


def shell(
    scenario: Path | str,
    user: User,
    *,
    scheme: str | None = None,
    failure: str | None = None,
    seed: int | None = None,
    longest_s: float = 600.0,
    out: Path | str | None = None,
    watch: Watch | None = None,
) -> Run:
    """Carries out a scenario in wall-clock time while `user` works in it, until the prompt is left.

    Nothing befalls the links but what the user does, or the script `failure`. The call ends after `longest_s` at last.
    """
    given = load_experiment(str(scenario), scheme=scheme, failure=failure, seed=seed, hangs_up=HANGS_UP)
    call = given.scenario.call.model_copy(update={"duration": longest_s})
    changes = [*(given.changes if failure is not None else []), hung_up(call, HANGS_UP)]
    experiment = replace(
        given,
        scenario=given.scenario.model_copy(update={"call": call}),
        failure=given.failure if failure is not None else BY_HAND,
        changes=[one for one in changes if one.hang_up is None or one is changes[-1]],
        opportunities=given.opportunities if failure is not None else [],
    )
    return _with(experiment, user, out, watch or ignore)


def live(
    scenario: Path | str,
    user: User,
    *,
    scheme: str | None = None,
    failure: str | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    watch: Watch | None = None,
) -> Run:
    """Carries out a scenario as it is, in wall-clock time, while its captures are streamed to `user`."""
    experiment = load_experiment(str(scenario), scheme=scheme, failure=failure, seed=seed)
    return _with(experiment, user, out, watch or ignore)


def _with(experiment: Experiment, user: User, out: Path | str | None, watch: Watch) -> Run:
    folder = new_folder(out, f"{experiment.scenario.name}-{experiment.label}-by-hand")
    for doubt in doubts(experiment):
        watch(News("preparing", text=f"warning: {doubt}"))
    plan: Plan = {**compile_plan(experiment), "hands": user.order(HANGS_UP)}
    # A program that chooses no address finds its way, as on anybody's phone; agents choose theirs.
    plan["connections"] = {**plan["connections"], "default_routes": True}

    async def carried_out(engine: Engine, place: Place, report: Report) -> FinishedRun:
        return await carry_out(experiment, plan, engine, place, folder, report)

    job = Job(experiment.label, plan, carried_out, experiment.packages)
    return Run(carry_out_on(WallClockVm(user), job, watch).folder)
