"""Workers of a Dask scheduler, on any machines: each needs this package, and builds the guest where it has none."""

from __future__ import annotations

import logging
import platform
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Self

from testbed.campaign.errors import NoWorkersError, StrangerError, WorkerLostError
from testbed.campaign.fulfilling import fulfil
from testbed.engine.errors import RunFailedError
from testbed.runner import own_versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from testbed.campaign.order import Delivery, Order

INSTALL = "pip install 'sip-handover-testbed[cluster]'"
ANSWER_S = 10
"""How long a scheduler may take to answer, and to have a worker."""
AHEAD = 2
"""Orders for each thread of a worker: the next one waits there."""


class ClusterWorkers:
    """See `Workers`; `tell` hears of workers that come and go.

    Raises NoWorkersError and StrangerError: where no scheduler answers or no worker is there, and for one that is of
    another version.
    """

    def __init__(self, address: str, tell: Callable[[str], None]) -> None:
        try:
            from distributed import Client  # noqa: PLC0415 - not everybody has it
        except ImportError:
            raise NoWorkersError(f"a scheduler is spoken to by Dask, which is not there; {INSTALL}") from None
        for name in ("distributed", "distributed.client"):  # what we need to know of it is raised
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address, self._tell = address, tell
        try:
            self._client = Client(address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError) as error:
            what = f"no Dask scheduler answers at {address} ({said(error)}); start one: dask scheduler"
            raise NoWorkersError(what) from None
        try:
            self._client.wait_for_workers(1, timeout=ANSWER_S)
            check(self._client.run(seen_versions, on_error="return"))
        except TimeoutError:
            self._client.close()
            what = f"the scheduler at {address} has no worker; start one: dask worker {address}"
            raise NoWorkersError(what) from None
        except StrangerError:
            self._client.close()
            raise
        self._executor = self._client.get_executor(pure=False)
        self._known: dict[str, int] = {}

    def room(self) -> int:
        """See `Workers`; raises RunFailedError where the scheduler is gone."""
        if self._client.status != "running":
            raise RunFailedError(f"the scheduler at {self._address} is gone; the runs that are done stay")
        now = dict(self._client.nthreads())
        for gone in self._known.keys() - now.keys():
            left = "" if now else "; nobody is left: it goes on when another comes"
            self._tell(f"worker {gone} is gone: what it had in hand is carried out anew{left}")
        self._known = now
        return max(1, AHEAD * sum(now.values()))

    def take(self, order: Order) -> Future[Delivery]:
        """See `Workers`."""
        ours: Future[Delivery] = Future()
        theirs: Future[Delivery] = self._executor.submit(fulfil, order)
        theirs.add_done_callback(lambda done: pass_on(done, ours))
        return ours

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()


def seen_versions() -> tuple[str, dict[str, str]]:
    """Of a worker: the name of its machine, and what it has of this package."""
    return platform.node(), own_versions()


def check(found: dict[str, tuple[str, dict[str, str]] | Exception]) -> None:
    """Compares all workers with this process; raises StrangerError."""
    ours = own_versions()
    for address, answer in found.items():
        if isinstance(answer, Exception):
            raise StrangerError(f"worker {address} refused: it has not this package ({said(answer)}); install it there")
        machine, theirs = answer
        for what in ("testbed", "code_sha256"):
            if theirs[what] != ours[what]:
                different = f"its {what} is {theirs[what]:.16}, and here it is {ours[what]:.16}; install the same there"
                raise StrangerError(f"worker {address} on {machine} refused: {different}")


def pass_on(done: Future[Delivery], ours: Future[Delivery]) -> None:
    """What became of an order, in our words."""
    from distributed.scheduler import KilledWorker  # noqa: PLC0415 - see above

    try:
        ours.set_result(done.result())
    except KilledWorker as error:
        ours.set_exception(WorkerLostError(f"worker {error.last_worker.address} died of it, like others before"))
    except CancelledError:
        ours.set_exception(WorkerLostError("the scheduler let go of it"))
    except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
        ours.set_exception(error)


def said(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
