"""A process on this machine that carries out one order at a time: `python -m testbed.campaign.local_worker`.

Orders come in on standard input and deliveries go out on standard output, pickled; whoever started it has the other
ends. So a worker ends when that one does, however it does; one that dies is seen at once, and costs no other its run;
and nothing of the starting program is imported here, as multiprocessing would: it may be anybody's script.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from typing import BinaryIO

from testbed.campaign.errors import WorkerLostError
from testbed.campaign.order import Delivery, Order

END_S = 20.0
"""How long a worker that is told to end may take: its guest is ended, and its folder removed."""


class LocalWorker:
    """The process, seen from whoever starts it, which is done when there is the first order."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        # Whoever waits for an answer sees its end too, and both want to be rid of it.
        self._lock = threading.Lock()

    def ask(self, order: Order) -> Delivery:
        """Waits until an order is carried out; raises WorkerLostError, and what carrying out raises."""
        process = self._started()
        try:
            answer = spoken(process, order)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self.stop()
            status = process.wait()
            how = f"by signal {-status}" if status < 0 else f"with status {status}"
            raise WorkerLostError(f"a worker (process {process.pid}) ended {how}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        """Ends it, with the run that it carries out, and waits for its end; nothing where somebody does already."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.terminate()  # of one that has ended it does nothing
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
        with contextlib.suppress(BrokenPipeError), process:
            pass

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            words = (sys.executable, "-m", "testbed.campaign.local_worker")
            # In a session of its own: Ctrl-C is for who started it.
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        return self._process


def spoken(process: subprocess.Popen[bytes], order: Order) -> Delivery | Exception:
    """What a worker answers; raises EOFError, BrokenPipeError and UnpicklingError where it dies of it."""
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    pickle.dump(order, process.stdin)
    process.stdin.flush()
    answer: Delivery | Exception = pickle.load(process.stdout)  # noqa: S301 - of our own process
    return answer


def serve(orders: BinaryIO, deliveries: BinaryIO) -> None:
    """Carries out what comes in until nothing comes any more."""
    from testbed.campaign.fulfilling import fulfil  # noqa: PLC0415 - all of measuring, which only the worker needs

    while True:
        try:
            order: Order = pickle.load(orders)  # noqa: S301 - of whoever started us
        except EOFError:
            return
        answer: Delivery | Exception
        try:
            answer = fulfil(order)
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            answer = error
        pickle.dump(answer, deliveries)
        deliveries.flush()


def main() -> None:
    """The process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # What is printed by whatever we use must not get among the deliveries.
    deliveries = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, deliveries)


if __name__ == "__main__":
    main()
