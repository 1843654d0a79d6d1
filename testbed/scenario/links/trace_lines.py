"""Files of traces, plain or packed by gzip, line by line: also such as are longer than memory."""

import gzip
import io
import zlib
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO

from testbed.plain_files import open_plain
from testbed.scenario.reading.tree import bad

GZIP = b"\x1f\x8b"
MOST_BYTES = 8 * 1024 * 1024
"""What a run takes of one trace."""


def lines(path: Path, *, kind: str, most_bytes: int = MOST_BYTES) -> Iterator[str]:
    """The lines of a text in UTF-8, with any ends of lines and any mark of byte order, without them.

    Raises BadScenarioError when it is none, or, packed or unpacked, too much.
    """
    try:
        with open_plain(path) as file:
            source: BufferedReader | gzip.GzipFile = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == GZIP else file
            with io.TextIOWrapper(source, "utf-8-sig", "surrogateescape") as text:
                yield from checked(path, text, kind, most_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise bad(path, 0, f"is packed by gzip and damaged: {error}; fetch it again") from None
    except OSError as error:
        raise bad(path, 0, f"cannot be read: {error.strerror}; name a file that you may read") from None


def checked(path: Path, text: IO[str], kind: str, most_bytes: int) -> Iterator[str]:
    """The same of an open file; what is no text stands in it as surrogates."""
    seen = 0
    for number, line in enumerate(iter(lambda: text.readline(MOST_BYTES + 1), ""), 1):
        seen += len(line)
        if seen > most_bytes or len(line) > MOST_BYTES:
            what = f"is too long; {kind} of at most {most_bytes // 1024} kB is needed"
            raise bad(path, 0, f"{what}: cut out a part, with testbed trace convert … --skip … --for …")
        if not line.isascii() and any("\ud800" <= one <= "\udfff" for one in line):
            raise bad(path, number, f"this is not text; {kind} in UTF-8 is needed")
        yield line.rstrip("\n")


def first_lines(path: Path, count: int) -> list[str]:
    """The first lines that have something in them; raises BadScenarioError as `lines` does."""
    return list(islice((line for line in lines(path, kind="a trace") if line.strip()), count))
