"""Orders on their way into the store, with workers that do what a test tells them."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, cast

import pytest

from testbed.campaign.errors import InUseError, WorkerLostError
from testbed.campaign.order import Delivery, Order
from testbed.campaign.progress_of_runs import SweepNews, Tally
from testbed.campaign.store import Store
from testbed.campaign.through import SweepThrough

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from testbed.lab.plan import Plan

Answer = str | None | WorkerLostError
"""Why a run failed, None where it did not, or how its worker died."""
LOST = WorkerLostError("a worker ended by signal 9")


class ToldWorkers:
    """Each order gets the next answer for its seed; the last answer stays."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.answers = answers
        self.taken: list[str] = []

    def room(self) -> int:
        return 2

    def take(self, order: Order) -> Future[Delivery]:
        name = f"seed{order.manifest['seed']}"
        self.taken.append(name)
        answers = self.answers.get(name, [None])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        future: Future[Delivery] = Future()
        if isinstance(answer, WorkerLostError):
            future.set_exception(answer)
        else:
            status = "done" if answer is None else "failed"
            files = {"manifest.json": json.dumps({**order.manifest, "status": status, "failure": answer}).encode()}
            future.set_result(Delivery(files | ({} if answer else {"result.json": b"{}"}), answer))
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


def an_order(seed: int, **manifest: Any) -> Order:  # noqa: ANN401 - any JSON value
    versions = {"testbed": "1", "python": "3", "code_sha256": "ab"}
    said = {
        "schema_version": 1,
        "scheme": "x",
        "seed": seed,
        "plan_sha256": f"{seed}",
        "versions": versions,
        "command": ["sweep"],
    }
    return Order(cast("Plan", {}), {**said, **manifest}, "none", {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "out")
    with found.opened("scenarios: [x]\n"):
        yield found


def carried_out(store: Store, workers: ToldWorkers, seeds: range = range(1, 4)) -> tuple[Tally, list[SweepNews]]:
    news: list[SweepNews] = []
    tally = Tally(len(seeds), news.append)
    SweepThrough(store, workers, tally).carry_out([an_order(seed) for seed in seeds])
    return tally, news


def failures(store: Store) -> dict[int, str | None]:
    found = [json.loads((folder / "manifest.json").read_text()) for folder in store.runs.iterdir()]
    return {one["seed"]: one["failure"] for one in sorted(found, key=lambda one: one["seed"])}


def test_what_is_done_is_not_done_again(store: Store) -> None:
    carried_out(store, ToldWorkers(), range(1, 3))
    workers = ToldWorkers()
    tally, news = carried_out(store, workers)
    assert workers.taken == ["seed3"]
    assert (tally.made, news[-1].done, news[-1].total) == (1, 3, 3)


def test_run_that_fails_is_tried_once_more(store: Store) -> None:
    workers = ToldWorkers(seed2=["the guest hung", None])
    tally, news = carried_out(store, workers)
    assert workers.taken.count("seed2") == 2
    assert (tally.failed, failures(store)) == (0, {1: None, 2: None, 3: None})
    assert "x, seed 2: failed: the guest hung; it is tried once more" in [one.text for one in news]


def test_run_that_fails_twice_is_kept_and_tried_at_the_next_start(store: Store) -> None:
    tally, news = carried_out(store, ToldWorkers(seed2=["the guest hung"]))
    assert (tally.failed, failures(store)) == (1, {1: None, 2: "the guest hung", 3: None})
    assert "x, seed 2: FAILED: the guest hung" in [one.text for one in news]
    tally, _ = carried_out(store, ToldWorkers())
    assert (tally.made, tally.failed, failures(store)) == (1, 0, {1: None, 2: None, 3: None})


def test_worker_that_dies_costs_a_try_and_no_run(store: Store) -> None:
    workers = ToldWorkers(seed1=[LOST, LOST, None])
    tally, news = carried_out(store, workers)
    assert (tally.failed, failures(store)) == (0, {1: None, 2: None, 3: None})
    assert "x, seed 1: a worker ended by signal 9; it is tried once more" in [one.text for one in news]


def test_run_that_workers_die_of_is_told_and_not_dropped(store: Store) -> None:
    tally, _ = carried_out(store, ToldWorkers(seed1=[LOST]))
    assert tally.failed == 1
    assert failures(store)[1] == "3 workers died of it; the last one: a worker ended by signal 9"


def test_run_is_known_by_what_goes_in_and_not_by_what_was_typed() -> None:
    first = an_order(1)
    python = {**first.manifest["versions"], "python": "4"}
    assert an_order(1, command=["sweep", "--jobs", "2"], versions=python).key == first.key
    others = [an_order(2), an_order(1, varied={"call.codec": "GSM"}), an_order(1, engine_identity={"kernel": "6"})]
    code = {**first.manifest["versions"], "code_sha256": "cd"}
    assert len({one.key for one in (first, *others, an_order(1, versions=code))}) == 5


def test_two_sweeps_do_not_fill_one_folder(store: Store) -> None:
    with pytest.raises(InUseError, match="is being filled by another sweep"), Store(store.folder).opened(""):
        pass
