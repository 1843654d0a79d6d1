"""JSON in a run folder, whoever has made it: read in bounded time and memory, and one error for what is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from testbed.measure.capture.errors import RunFolderError
from testbed.plain_files import read_plain

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1_000_000
# The timeline of the longest scenario, an hour, has a tenth of it.
MOST_BYTES = 100 * MEGABYTE


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """What a JSON file says; `RunFolderError` where it can't be read, or is none."""
    try:
        return json.loads(read_text(path), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RunFolderError(path, f"is not JSON: {error}") from None


def read_text(path: Path) -> str:
    """The text of a file; `RunFolderError` for what can't be read, a pipe, a device, or more than 100 MB."""
    try:
        data = read_plain(path, MOST_BYTES)
    except OSError as error:
        raise RunFolderError(path, error.strerror or str(error)) from error
    if len(data) > MOST_BYTES:
        raise RunFolderError(path, f"is longer than {MOST_BYTES // MEGABYTE} MB, which none of ours is")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RunFolderError(path, "is no text in UTF-8") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number there")
