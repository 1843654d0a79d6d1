"""Files that somebody names, read in bounded time and memory: no pipe is waited for, no device read for ever."""

import errno
import os
from io import BufferedReader
from pathlib import Path
from stat import S_ISREG


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The content of a file, and one byte more than `most_bytes` where it is longer; raises as `open_plain` does."""
    with open_plain(path) as opened:
        return opened.read(most_bytes + 1)


def open_plain(path: Path) -> BufferedReader:
    """A file to be read.

    Raises OSError, with a reason in its `strerror`, for what can't be read and what is no file that holds something.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError:  # a zero byte
        raise OSError(errno.EINVAL, "no file has such a name") from None
    opened = os.fdopen(file, "rb")
    if not S_ISREG(os.fstat(file).st_mode):
        opened.close()
        raise OSError(errno.EINVAL, "it is a pipe or a device")
    return opened
