"""A processor for each guest: between kernel and programs its work goes to and fro, and on two it would take twice."""

import contextlib
import os
from collections.abc import Iterator

from testbed.engine.cache import cache_folder, try_lock


@contextlib.contextmanager
def processor_of_our_own() -> Iterator[int]:
    """The number of a processor that no other guest of this user's has, or else of any, as long as this lasts."""
    folder = cache_folder() / "processors"
    folder.mkdir(exist_ok=True)
    ours = sorted(os.sched_getaffinity(0))
    for processor in ours:
        if (lock := try_lock(folder / str(processor))) is not None:
            with lock:
                yield processor
            return
    yield ours[os.getpid() % len(ours)]
