"""`attack`: calls with somebody in the network who would like to hear, move or end them (docs/attacks.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.roles.mn.schemes import SCHEMES
from testbed.api.carrying_out import EngineName, Job, Watch, carry_out_jobs
from testbed.api.places_of_runs import new_folder
from testbed.attacks.catalogue import attack_steps, calls
from testbed.attacks.outcome import AttackOutcome, verdicts
from testbed.attacks.tried import Tried
from testbed.engine.engine import Engine, Place, Report
from testbed.lab.plan import Plan
from testbed.runner import FinishedRun, carry_out_plan, describe
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.topology import CORRESPONDENT
from testbed.scenario.plan.compile import compile_plan

SCENARIOS = {None: "attacked", 4: "attacked", 6: "attacked-over-ipv6"}
"""By the version of IP that a scheme is for."""
ATTACKED_SCHEMES = tuple(name for name in SCHEMES if calls(name))
"""Those of which there is a way to move a call that is not their owner's."""


@dataclass(frozen=True)
class AttackedCall:
    """A call with attacks on it. `failure` says why the run failed, and then there are no verdicts."""

    folder: Path
    scheme: str
    failure: str | None
    verdicts: list[AttackOutcome]

    @property
    def is_as_it_should_be(self) -> bool:
        """Whether every attack had the answer and the effect that it has to have."""
        return self.failure is None and not any(one.wrong for one in self.verdicts)


def known_attacks() -> list[str]:
    """The names of all attacks."""
    return sorted({one.name for scheme in ATTACKED_SCHEMES for call in calls(scheme) for one in call})


def attack(
    names: Iterable[str] = (),
    *,
    schemes: Iterable[str] = (),
    unguarded: bool = False,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    watch: Watch | None = None,
) -> Iterator[AttackedCall]:
    """Carries out the attacks of these names, all by default, call by call as one iterates.

    `unguarded` has the CN believe anybody: it shows what its guards are for. Raises ValueError for an unknown name.
    """
    wanted = set(names)
    if unknown := wanted - set(known_attacks()):
        raise ValueError(f"there is no attack {min(unknown)!r}; possible are: {', '.join(known_attacks())}")
    folder = new_folder(out, "attacks")
    work = [
        (scheme, tried, folder / f"{scheme}-{number}")
        for scheme in tuple(schemes) or ATTACKED_SCHEMES
        for number, call in enumerate(calls(scheme), start=1)
        if (tried := [one for one in call if not wanted or one.name in wanted])
    ]
    return (_attacked(*one, unguarded=unguarded, engine=engine, watch=watch) for one in work)


def _attacked(
    scheme: str, tried: list[Tried], folder: Path, *, unguarded: bool, engine: EngineName | None, watch: Watch | None
) -> AttackedCall:
    experiment = load_experiment(SCENARIOS[SCHEMES[scheme].ip], scheme=scheme)
    plan = compile_plan(experiment)
    plan["timeline"] = sorted([*plan["timeline"], *attack_steps(tried)], key=lambda step: step["at_s"])
    if unguarded:
        _open_up(plan)

    async def carried_out(engine: Engine, place: Place, report: Report) -> FinishedRun:
        return await carry_out_plan(plan, describe(experiment, plan, engine, place), place, folder, report)

    (done,) = carry_out_jobs([Job(folder.name, plan, carried_out)], engine, watch=watch)
    return AttackedCall(folder, scheme, done.failure, [] if done.failure is not None else verdicts(folder, tried))


def _open_up(plan: Plan) -> None:
    """Takes from the CN what it knows its callers by."""
    for agent in plan["agents"]:
        if agent["role"] == CORRESPONDENT:
            agent["config"] = {
                name: value for name, value in agent["config"].items() if name not in {"realm", "users", "caller_stays"}
            }
