"""What a command was given: run folders, captures, folders of captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.folder.of_captures import captures_in

if TYPE_CHECKING:
    from pathlib import Path


def captures_at(place: Path) -> tuple[Path, ...]:
    """Return the capture that a place is, or those in it; none of a run, or of a folder of runs."""
    if not place.is_dir():
        return (place,)
    folder = captures_in(place)
    return () if folder is None else folder.captures
