"""`run`, `compare`, `replay`, `compare_triggers`: plain functions, which return when all is done.

Scenarios, failure scripts and so on are names that we ship, or paths of files. A run that fails is no exception: its
folder holds what there was, and `Run.failure` says why. Exceptions are for what is wrong beforehand: BadScenarioError
(a user's file, or a word that is none), OutputError, MissingRequirementError (this machine lacks something). Where no
`engine` is named it is `uml` once that has been prepared on this machine, and `vm` before.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from testbed.api.carrying_out import EngineName, Watch, carry_out_experiments
from testbed.api.opened import Run, Runs
from testbed.api.places_of_runs import new_folder
from testbed.lab.plan import DuplicateDetection
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.kinds.scenario import MOST_SEED, Side
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError

DEFAULT_SCENARIO = "wifi-to-umts"
DEFAULT_TRIGGERS = "triggers"
# A guest has one processor. What shares a machine by the wall clock shows in each other's numbers.
DEFAULT_JOBS: Mapping[EngineName | None, int] = {None: 2, "vm": 2, "uml": 2, "native": 1}


class OtherChoices(TypedDict, total=False):
    """Choices but for the failure script."""

    cn: Path | str | None
    mn: Path | str | None
    hangs_up: Side | None
    dad: DuplicateDetection | None


class Choices(OtherChoices, total=False):
    """What is chosen instead of what the scenario says; None and what is left out is the scenario's."""

    failure: Path | str | None


def run(  # noqa: PLR0913 - what may be chosen
    scenario: Path | str = DEFAULT_SCENARIO,
    *,
    scheme: Path | str | None = None,
    trigger: str | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    watch: Watch | None = None,
    numbers: Iterable[Path | str] = (),
    with_page: bool = True,
    **choices: Unpack[Choices],
) -> Run:
    """Carries out a scenario once, into `out` or a new folder below runs/; `numbers` are the user's own.

    Without `with_page` there is no report.html, which takes a second or two, until `Run.write_report` makes it.
    """
    experiment = load_experiment(
        str(scenario), scheme=word(scheme), trigger=trigger, seed=checked(seed), **worded(choices)
    )
    folder = new_folder(out, f"{experiment.scenario.name}-{experiment.label}-seed{experiment.seed}")
    (one,) = _carry_out([(experiment, folder)], engine, 1, watch, numbers, with_page=with_page)
    return one


def compare(  # noqa: PLR0913 - as `run`
    scenario: Path | str = DEFAULT_SCENARIO,
    *,
    schemes: Iterable[Path | str] = (),
    runs: int = 1,
    seed: int | None = None,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    jobs: int | None = None,
    watch: Watch | None = None,
    numbers: Iterable[Path | str] = (),
    **choices: Unpack[Choices],
) -> Runs:
    """Carries out a scenario under several schemes, all of its own if none are named, each with the same link history.

    Each scheme runs with so many seeds as `runs` says, counted up from `seed`; `jobs` is how many run at once, by
    default 2, and 1 natively. The folder gets comparison.html, see `Runs.page`.
    """
    if runs < 1:
        raise ValueError(f"runs is {runs}; it should be 1 or more")
    chosen = worded(choices)
    first = load_experiment(str(scenario), seed=checked(seed), **chosen)
    folder = new_folder(out, f"{first.scenario.name}-compare-seed{first.seed}")
    experiments = [
        load_experiment(str(scenario), scheme=word(scheme), seed=first.seed + number, **chosen)
        for scheme in dict.fromkeys(each(schemes)) or first.scenario.schemes
        for number in range(runs)
    ]
    work = [(one, folder / (one.scheme if runs == 1 else f"{one.scheme}-seed{one.seed}")) for one in experiments]
    return _compared(work, folder, engine, jobs, watch, numbers)


def replay(  # noqa: PLR0913 - as `compare`
    failure: Path | str,
    *,
    schemes: Iterable[Path | str] = (),
    runs: int = 1,
    seed: int | None = None,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    jobs: int | None = None,
    watch: Watch | None = None,
    numbers: Iterable[Path | str] = (),
    **choices: Unpack[OtherChoices],
) -> Runs:
    """Carries out the default scenario with a failure script under several schemes, see `compare`."""
    first = load_experiment(DEFAULT_SCENARIO, failure=str(failure), seed=checked(seed))
    return compare(
        DEFAULT_SCENARIO,
        schemes=schemes,
        runs=runs,
        seed=first.seed,
        out=new_folder(out, f"{first.failure.name}-replay-seed{first.seed}"),
        engine=engine,
        jobs=jobs,
        watch=watch,
        numbers=numbers,
        failure=failure,
        **choices,
    )


def compare_triggers(  # noqa: PLR0913 - as `run`
    scenario: Path | str = DEFAULT_TRIGGERS,
    *,
    triggers: Iterable[str] = (),
    scheme: Path | str | None = None,
    runs: int = 1,
    seed: int | None = None,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    jobs: int | None = None,
    watch: Watch | None = None,
    **choices: Unpack[Choices],
) -> Runs:
    """Carries out a scenario with each of its triggers, or those named; folders are called after them.

    Each trigger runs with so many seeds as `runs` says, counted up from `seed`.
    """
    if runs < 1:
        raise ValueError(f"runs is {runs}; it should be 1 or more")
    chosen = worded(choices)
    first = load_experiment(str(scenario), scheme=word(scheme), seed=checked(seed), **chosen)
    if not first.scenario.triggers:
        what = "has no triggers to compare; add 'triggers: {NAME: {on: …}, …}', or name one of 'testbed list scenarios'"
        raise BadScenarioError([ScenarioError(first.path, 0, what)])
    names = list(dict.fromkeys(each(triggers)) or first.scenario.triggers)
    folder = new_folder(out, f"{first.scenario.name}-triggers-seed{first.seed}")
    work = [
        (
            load_experiment(str(scenario), scheme=word(scheme), seed=seed, trigger=name, **chosen),
            folder / (name if runs == 1 else f"{name}-seed{seed}"),
        )
        for name in names
        for seed in range(first.seed, first.seed + runs)
    ]
    return Runs(_carry_out(work, engine, jobs, watch))


class Words(TypedDict, total=False):
    """Choices as `load_experiment` takes them."""

    failure: str | None
    cn: str | None
    mn: str | None
    hangs_up: Side | None
    dad: DuplicateDetection | None


def worded(choices: Choices) -> Words:
    """Paths as words; raises TypeError for a choice that there is not, as Python itself would."""
    possible = Choices.__optional_keys__
    if unknown := choices.keys() - possible:
        raise TypeError(f"there is no {min(unknown)!r} to choose; possible are: {', '.join(sorted(possible))}")
    found: Words = {"failure": word(choices.get("failure"))}
    phones: Words = {"cn": word(choices.get("cn")), "mn": word(choices.get("mn"))}
    return {**found, **phones, "hangs_up": choices.get("hangs_up"), "dad": choices.get("dad")}


def word(name: Path | str | None) -> str | None:
    """A name, or a path, as what is typed."""
    return None if name is None else str(name)


def each(words: Iterable[Path | str] | Path | str) -> list[str]:
    """Each as a word; a single one need not be in a list."""
    return [str(words)] if isinstance(words, Path | str) else [str(one) for one in words]


def checked(seed: int | None) -> int | None:
    """The seed; raises ValueError for one that no scenario can have."""
    if seed is not None and not 0 <= seed <= MOST_SEED:
        raise ValueError(f"seed is {seed}; it should be from 0 to {MOST_SEED}")
    return seed


def _compared(
    work: Sequence[tuple[Experiment, Path]],
    folder: Path,
    engine: EngineName | None,
    jobs: int | None,
    watch: Watch | None,
    numbers: Iterable[Path | str],
) -> Runs:
    from testbed.report.several.comparison_page import PAGE  # noqa: PLC0415 - bokeh takes half a second to load

    runs = Runs(_carry_out(work, engine, jobs, watch, numbers), page=folder / PAGE)
    runs.write_comparison(folder / PAGE)
    return runs


def _carry_out(
    work: Sequence[tuple[Experiment, Path]],
    engine: EngineName | None,
    jobs: int | None,
    watch: Watch | None,
    numbers: Iterable[Path | str] = (),
    *,
    with_page: bool = True,
) -> list[Run]:
    at_once = DEFAULT_JOBS[engine] if jobs is None else jobs
    if at_once < 1:
        raise ValueError(f"jobs is {jobs}; it should be 1 or more")
    done = carry_out_experiments(work, engine, at_once=at_once, watch=watch, numbers=each(numbers), with_page=with_page)
    return [Run(one.folder, one.run) for one in done]
