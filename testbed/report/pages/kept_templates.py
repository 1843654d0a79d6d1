"""Templates' byte code, kept as Python keeps that of modules: to compile them takes as long as the rest of a page."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket


class KeptTemplates(FileSystemBytecodeCache):
    """What Jinja2 made of the templates of a folder, in its `__pycache__`; known by their text and Python's version.

    Where nothing can be kept, or the user wants no byte code written, they are compiled each time.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / "__pycache__"
        super().__init__(str(self._place))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what has been compiled."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            self._place.mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
