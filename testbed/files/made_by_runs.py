"""Checks of what runs leave: run folders and captures."""

from collections.abc import Iterator
from pathlib import Path

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import (
    CAPTURES,
    EVENTS,
    MANIFEST,
    RESULT,
    read_document,
    read_events,
    read_hosts,
    read_manifest,
)
from testbed.measure.result.typed import RunResult, typed


def run_folder(path: Path) -> Iterator[str]:
    """The folder of a run: all that measuring and reporting would read of it."""
    if not (path / MANIFEST).exists():
        raise RunFolderError(path, f"is no run: it has no {MANIFEST}")
    document, manifest = read_document(path), read_manifest(path)
    yield ", ".join([f"{manifest.scheme}", f"seed {manifest.seed}", document.get("status", "no status")])
    if document.get("failure"):
        yield f"it failed: {document['failure']}"
    read_hosts(path)
    if (path / EVENTS).exists():
        yield f"{len(read_events(path))} events"
    captured = RunCaptures(path).at(manifest.interface_names)
    yield f"{len(captured)} packets at the ends of the call"
    yield from captured.warnings
    others = [one for one in sorted((path / CAPTURES).glob("*.pcap")) if one.stem not in manifest.interface_names]
    for one in others:
        yield from (f"{one.name}: {warning}" for warning in read_capture(one).warnings)
    if (path / RESULT).exists():
        typed(RunResult, read_document(path, RESULT), path / RESULT)
    else:
        yield f"no {RESULT}"


def capture(path: Path) -> Iterator[str]:
    """Any capture."""
    found = read_capture(path)
    names = ", ".join(one.name for one in found.interfaces if one.name)
    yield f"{len(found)} packets" + (f" of {names}" if names else "")
    yield from found.warnings
