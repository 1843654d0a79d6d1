"""A folder of captures: what a rotating capture, or somebody who collects them, leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.capture.pcap import is_capture
from testbed.measure.folder.run_folder import EVENTS, MANIFEST, PLAN, RESULT

if TYPE_CHECKING:
    from pathlib import Path


class FolderOfCaptures(NamedTuple):
    """The files in a folder, in the order of their names: captures, and others."""

    captures: tuple[Path, ...]
    others: tuple[Path, ...]


def captures_in(folder: Path) -> FolderOfCaptures | None:
    """Return the captures in a folder, not those in folders within; None for a run folder, and where there is none."""
    if any((folder / name).exists() for name in (MANIFEST, EVENTS, PLAN, RESULT)):
        return None
    files = sorted(path for path in folder.iterdir() if path.is_file())
    captures = tuple(path for path in files if is_capture(path))
    return FolderOfCaptures(captures, tuple(path for path in files if path not in captures)) if captures else None
