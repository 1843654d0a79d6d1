"""Python that users wrote, run in a process of its own, which answers in bounded time and leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
# To be loaded, and no more than that: all that it does it does in a run.
LIMIT_S = 10.0
MOST_ANSWER_BYTES = 16 << 20


class NoAnswerError(Exception):
    """What became of the process instead, to follow the name of what it should have loaded."""


def answer_of(child: Path, *words: str, options: tuple[str, ...] = ("-I",)) -> bytes:
    """What a script of ours writes to its standard output; it gets our ROOT and the words. Raises NoAnswerError.

    Its process group ends with it: what the user's code has started might hold its output, and wait for ever.
    """
    argv = [sys.executable, *options, str(child), str(ROOT), *words]
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            status = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            what = f"is not loaded after {LIMIT_S:.0f} s; let it define things, and do nothing else"
            raise NoAnswerError(what) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        answer.seek(0)
        said = answer.read(MOST_ANSWER_BYTES + 1)
    if not said:
        raise NoAnswerError(f"ended Python with status {status} when it was loaded; let it define things alone")
    if len(said) > MOST_ANSWER_BYTES:
        raise NoAnswerError("defines more than can be used; let it define what is needed alone")
    return said
