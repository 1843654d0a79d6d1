"""What a command was given: run folders, captures, folders of captures."""

from __future__ import annotations

from pathlib import Path

import click

from testbed.measure.folder.of_captures import captures_in

what_argument = click.argument(
    "what",
    metavar="RUN_OR_CAPTURE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)


def captures_at(place: Path) -> tuple[Path, ...]:
    """Return the capture that a place is, or those in it; none of a run, or of a folder of runs."""
    if not place.is_dir():
        return (place,)
    folder = captures_in(place)
    return () if folder is None else folder.captures
