"""Plans carried out, several at once, with everything that can be told on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from testbed.api.waiting import wait_for
from testbed.engine.choose import make_engine, usual_engine
from testbed.engine.engine import Engine, Place, Report
from testbed.lab.plan import Plan
from testbed.measure.numbers.errors import UserNumberError
from testbed.measure.numbers.user_numbers import LoadedNumber, join_numbers, load_numbers
from testbed.runner import FinishedRun, carry_out, prepare
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import name_of

EngineName = Literal["vm", "uml", "native"]


@dataclass(frozen=True)
class News:
    """How far things are.

    `preparing`: `text` is a line about what is made ready, or a warning; `run` is empty. `begins`, `ends`: the run of
    that name does, the latter with `text` "done" or why it failed. `told`: `report` is what the run says of itself:
    `t_s` each second of the scenario, its events with `source` and `event` as well.
    """

    stage: Literal["preparing", "begins", "told", "ends"]
    run: str = ""
    text: str = ""
    report: dict[str, Any] | None = None


Watch = Callable[[News], None]
"""Takes news, in the thread that carries the work out."""


@dataclass(frozen=True)
class Job:
    """One run to be: how it is called, what it does, and how it is carried out in its place.

    `packages` are Debian's that the user's files name, with what is to be said where there is none of that name.
    """

    name: str
    plan: Plan
    carry_out: Callable[[Engine, Place, Report], Awaitable[FinishedRun]]
    packages: Mapping[str, ScenarioError] = field(default_factory=dict)


def job_of(
    experiment: Experiment, folder: Path, name: str, numbers: Sequence[LoadedNumber] = (), *, with_page: bool = True
) -> Job:
    """The job that fills `folder` with a run of an experiment; `numbers` are the user's."""
    plan = compile_plan(experiment)

    async def carried_out(engine: Engine, place: Place, report: Report) -> FinishedRun:
        return await carry_out(experiment, plan, engine, place, folder, report, numbers, with_page=with_page)

    return Job(name, plan, carried_out, experiment.packages)


def carry_out_experiments(
    work: Sequence[tuple[Experiment, Path]],
    engine: str | None,
    *,
    at_once: int,
    watch: Watch | None,
    numbers: Sequence[str] = (),
    with_page: bool = True,
) -> list[FinishedRun]:
    """Carries out experiments into their folders, in the order given; first tells what makes them doubtful.

    `numbers` are users' numbers, beside those that a scenario names; `with_page`: each run gets its report.html.
    """
    tell = watch or ignore
    own = [numbers_of(experiment, numbers) for experiment, _ in work]
    for doubt in dict.fromkeys(doubt for experiment, _ in work for doubt in doubts(experiment)):
        tell(News("preparing", text=f"warning: {doubt}"))
    jobs = [
        job_of(one, folder, folder.name if len(work) > 1 else one.label, loaded, with_page=with_page)
        for (one, folder), loaded in zip(work, own, strict=True)
    ]
    return carry_out_jobs(jobs, engine, at_once=at_once, watch=watch)


def numbers_of(experiment: Experiment, words: Sequence[str]) -> tuple[LoadedNumber, ...]:
    """The user's numbers of a run: those that its scenario names, and others, which are files or of packages."""
    named = (_named_number(experiment, place, word) for place, word in enumerate(experiment.scenario.numbers))
    try:
        return join_numbers(*named, load_numbers(words))
    except UserNumberError as error:
        raise BadScenarioError([ScenarioError(error.path, error.line, error.what)]) from None


def _named_number(experiment: Experiment, place: int, word: str) -> tuple[LoadedNumber, ...]:
    """One that a scenario names; what has no line of its own is told by the scenario's."""
    try:
        return load_numbers([word], experiment.path.parent)
    except UserNumberError as error:
        if error.line:
            raise
        where = ("numbers", place)
        raise BadScenarioError([experiment.tree.error(where, f"{name_of(where)}: {error}")]) from None


def carry_out_jobs(
    jobs: Sequence[Job], engine: str | None, *, at_once: int = 1, watch: Watch | None
) -> list[FinishedRun]:
    """Prepares all places, then carries the jobs out; raises MissingRequirementError where that can't be.

    Without an `engine` it is the usual one of this machine.
    """
    tell = watch or ignore
    return wait_for(_all_of_them(jobs, engine_of(engine, tell), at_once, tell))


def carry_out_on(engine: Engine, job: Job, watch: Watch) -> FinishedRun:
    """Carries one job out on an engine that has no name to be chosen by; raises as `carry_out_jobs`."""
    (done,) = wait_for(_all_of_them([job], engine, 1, watch))
    return done


def engine_of(name: str | None, tell: Watch) -> Engine:
    """The engine of that name, or the usual one of this machine."""
    return make_engine(name or usual_engine(lambda line: tell(News("preparing", text=line))))


def ignore(news: News) -> None:
    """Whoever does not watch."""


async def _all_of_them(jobs: Sequence[Job], engine: Engine, at_once: int, tell: Watch) -> list[FinishedRun]:
    turns = asyncio.Semaphore(at_once)

    def say(line: str) -> None:
        tell(News("preparing", text=line))

    places = [await prepare(job.packages, job.plan, engine, say) for job in jobs]

    async def one(job: Job, place: Place) -> FinishedRun:
        async with turns:
            tell(News("begins", job.name))
            done = await job.carry_out(engine, place, lambda report: tell(News("told", job.name, report=report)))
            tell(News("ends", job.name, "done" if done.failure is None else f"FAILED: {done.failure}"))
            return done

    return await asyncio.gather(*(one(job, place) for job, place in zip(jobs, places, strict=True)))
