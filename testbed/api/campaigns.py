"""`sweep`: a campaign carried out, or what of it is not there yet (docs/campaigns.md)."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.api.errors import OutputError
from testbed.api.opened import Run
from testbed.api.places_of_runs import check_output
from testbed.api.waiting import wait_for
from testbed.campaign.campaign_file import read_campaign
from testbed.campaign.data import Records, write_data
from testbed.campaign.errors import InUseError
from testbed.campaign.layout_of_cells import lay_out_cells
from testbed.campaign.local_workers import LocalWorkers
from testbed.campaign.ordering import Orders
from testbed.campaign.progress_of_runs import Tally
from testbed.campaign.space import needed_bytes
from testbed.campaign.store import CAMPAIGN, RUNS, Store
from testbed.campaign.through import SweepThrough
from testbed.engine.choose import make_engine, usual_engine
from testbed.runner import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.api.carrying_out import EngineName
    from testbed.campaign.campaign_file import Campaign
    from testbed.campaign.layout_of_cells import CellLayout
    from testbed.campaign.progress_of_runs import SweepWatch
    from testbed.campaign.workers import Workers
    from testbed.engine.engine import Place, Say
    from testbed.lab.plan import Plan
    from testbed.scenario.experiment.experiment import Experiment


@dataclass(frozen=True)
class Swept:
    """A campaign that has been carried out: its folder, its data files, and the folders of its runs, in its order.

    `made` of the runs are new, the others were there; `failed` of all have failed.
    """

    folder: Path
    data: tuple[Path, ...]
    made: int
    failed: int
    keys: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Run]:
        return (Run(self.folder / RUNS / key) for key in self.keys)

    @cached_property
    def records(self) -> Records:
        """The runs as tables take them."""
        return Records(Store(self.folder), self.keys)


def sweep(
    campaign: Path | str,
    *,
    out: Path | str | None = None,
    engine: EngineName | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    watch: SweepWatch | None = None,
) -> Swept:
    """Carries out the runs of a campaign file that are not there yet, into `out` or runs/ with the file's name.

    `jobs` is how many run at once on this machine, as many as it has processors if not said; with `scheduler`, the
    address of one of Dask's, its workers carry them out. Runs that are there are known by what goes into them.
    Without an `engine` it is the usual one.

    Raises BadScenarioError, OutputError, MissingRequirementError; StrangerError and NoWorkersError of workers.
    """
    if scheduler is not None and jobs is not None:
        raise ValueError("jobs is for workers on this machine; those of a scheduler say themselves how many they are")
    read = read_campaign(Path(campaign))
    layout = lay_out_cells(read)
    runs = len(layout.cells) * len(read.seeds)
    store = Store(_folder(read, out))
    needed = needed_bytes(runs, layout.call_s * len(read.seeds), read.file.keep)
    tally = Tally(runs, watch or _ignore)
    for line in _announced(read, layout, store, needed):
        tally.tell(line)
    _check_room(store, needed)
    chosen = make_engine(engine or usual_engine(tally.tell))

    def place_of(experiment: Experiment, plan: Plan) -> Place:
        return wait_for(prepare(experiment.packages, plan, chosen, tally.tell))

    try:
        with _workers(jobs, scheduler, chosen.name, tally.tell) as workers, store.opened(read.tree.text):
            orders = Orders(read, layout.cells, chosen, place_of, None if scheduler else store.unfinished)
            SweepThrough(store, workers, tally).carry_out(orders)
            keys = tuple(orders.keys_in_order())
            data = write_data(store, keys)
    except InUseError as error:
        raise OutputError(store.folder, str(error)) from None
    return Swept(store.folder, tuple(data), tally.made, tally.failed, keys)


def _folder(campaign: Campaign, out: Path | str | None) -> Path:
    """Where it goes, which the same call finds again; raises OutputError."""
    folder = Path("runs") / campaign.path.stem if out is None else Path(out)

    def taken() -> str | None:
        is_ours = (folder / CAMPAIGN).exists() or not any(folder.iterdir())
        return None if is_ours else "holds something else than a campaign"

    check_output(folder, taken)
    return folder


def _announced(campaign: Campaign, layout: CellLayout, store: Store, needed: int) -> Iterator[str]:
    seeds, there = len(campaign.seeds), store.count()
    runs = len(layout.cells) * seeds
    kept = {"all": "captures of all kept", "failed": "captures kept of those that fail, besides", "none": "no captures"}
    yield (
        f"{_count(runs, 'run')}: {_count(len(layout.cells), 'cell')} of scenario, scheme and values,"
        f" {_count(seeds, 'seed')} each; about {needed / 1e6:.1f} MB ({kept[campaign.file.keep]}), in {store.folder}"
    )
    if there:
        yield f"{_count(there, 'run')} there already: what is of this campaign, and was made by this program, is kept"
    yield from (f"warning: {doubt}" for doubt in layout.doubts)


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def _check_room(store: Store, needed: int) -> None:
    """For what is not there yet; raises OutputError."""
    there = next(folder for folder in (store.folder, *store.folder.absolute().parents) if folder.exists())
    taken = sum(path.stat().st_size for path in store.runs.glob("*/*"))
    if (free := shutil.disk_usage(there).free) < needed - taken:
        what = f"needs about {(needed - taken) / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free there"
        raise OutputError(store.folder, f"{what}; keep less ('keep: none'), or name a folder with more room")


def _workers(jobs: int | None, scheduler: str | None, engine: str, tell: Say) -> Workers:
    if scheduler is not None:
        from testbed.campaign.cluster import ClusterWorkers  # noqa: PLC0415 - Dask, which not everybody has

        return ClusterWorkers(scheduler, tell)
    processors = len(os.sched_getaffinity(0))
    return LocalWorkers(jobs or (1 if engine == "native" else processors))


def _ignore(_: object) -> None:
    """Whoever does not watch."""
