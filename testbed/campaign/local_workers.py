"""Workers on this machine: so many processes, each with a thread here that waits for it."""

from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from testbed.campaign.local_worker import LocalWorker
from testbed.campaign.order import Delivery, Order


class LocalWorkers:
    """See `Workers`."""

    def __init__(self, count: int) -> None:
        self._workers = [LocalWorker() for _ in range(count)]
        self._idle: SimpleQueue[LocalWorker] = SimpleQueue()
        for one in self._workers:
            self._idle.put(one)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")

    def room(self) -> int:
        """As many as there are processes."""
        return len(self._workers)

    def take(self, order: Order) -> Future[Delivery]:
        """See `Workers`."""
        return self._threads.submit(self._asked, order)

    def _asked(self, order: Order) -> Delivery:
        worker = self._idle.get()
        try:
            return worker.ask(order)
        finally:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self._workers:
            one.stop()
        self._threads.shutdown()
