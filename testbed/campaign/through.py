"""All orders of a campaign carried out: what is there already is not, and what fails is tried once more."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from testbed.campaign.errors import WorkerLostError
from testbed.campaign.fulfilling import failed
from testbed.campaign.order import Delivery, Order
from testbed.campaign.progress_of_runs import Tally
from testbed.campaign.store import Store
from testbed.campaign.workers import Workers

MOST_TRIES = 2
"""How often a run is carried out that fails."""
MOST_LOSSES = 3
"""How many workers may die of one run."""
TELL_EVERY_S = 1.0


class SweepThrough:
    """The runs of some orders, on their way into the store."""

    def __init__(self, store: Store, workers: Workers, tally: Tally) -> None:
        self._store = store
        self._workers = workers
        self._tally = tally
        self._running: dict[Future[Delivery], Order] = {}
        self._again: deque[Order] = deque()
        self._failures: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()

    def carry_out(self, orders: Iterable[Order]) -> None:
        """Carries them out; raises StrangerError and NoWorkersError. What is done then stays done."""
        missing = self._missing(orders)
        self._hand_out(missing)
        while self._running:
            done, _ = wait(self._running, TELL_EVERY_S, FIRST_COMPLETED)
            for future in done:
                self._settle(self._running.pop(future), future)
            self._tally.tell()
            self._hand_out(missing)

    def _missing(self, orders: Iterable[Order]) -> Iterator[Order]:
        for order in orders:
            if self._store.status(order.key) == "done":
                self._tally.find()
            else:
                yield order

    def _hand_out(self, missing: Iterator[Order]) -> None:
        room = self._workers.room()
        while len(self._running) < room:
            order = self._again.popleft() if self._again else next(missing, None)
            if order is None:
                return
            self._running[self._workers.take(order)] = order

    def _settle(self, order: Order, future: Future[Delivery]) -> None:
        try:
            delivery = future.result()
        except WorkerLostError as error:
            self._losses[order.key] += 1
            if self._losses[order.key] < MOST_LOSSES:
                self._try_again(order, str(error))
                return
            delivery = failed(order, f"{MOST_LOSSES} workers died of it; the last one: {error}")
        else:
            if delivery.failure is not None:
                self._failures[order.key] += 1
                if self._failures[order.key] < MOST_TRIES:
                    self._try_again(order, f"failed: {delivery.failure}")
                    return
        self._store.put(order.key, delivery)
        self._tally.end(failed=delivery.failure is not None)
        if delivery.failure is not None:
            self._tally.tell(f"{order.name}: FAILED: {delivery.failure}")

    def _try_again(self, order: Order, why: str) -> None:
        self._again.append(order)
        self._tally.tell(f"{order.name}: {why}; it is tried once more")
