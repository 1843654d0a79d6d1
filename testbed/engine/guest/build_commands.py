"""The programs that build images: run to their end, or ended with all that they have started."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed.engine.errors import CommandError

WARDEN = Path(__file__).with_name("warden.py")


async def run(argv: Sequence[str], *, limit_s: float, env: Mapping[str, str] | None = None) -> str:
    """What a program has written; raises CommandError with what it said where it fails or takes too long.

    Whoever is cancelled here leaves nothing running, nor does a process that is killed.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(WARDEN), str(os.getpid()), *argv),
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in a terminal is for us to pass on
    )
    try:
        async with asyncio.timeout(limit_s):
            said, complaint = await process.communicate()
    except TimeoutError:
        raise CommandError(argv, -1, f"it took longer than {limit_s:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    if process.returncode:
        raise CommandError(argv, process.returncode, complaint.decode(errors="replace"))
    return said.decode(errors="replace")
