"""The capture files of a run folder: each is opened once, when it is first asked for, and by nobody else."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from testbed.measure.capture.capture import join, only
from testbed.measure.capture.errors import CaptureError, RunFolderError
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import CAPTURES, MERGED

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from testbed.measure.capture.capture import Capture


class RunCaptures:
    """The captures of one run. What was read of a file is kept as long as this is, and so is why it can't be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, Capture | CaptureError] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The capture interfaces that have a file of their own, by name."""
        return tuple(sorted(path.stem for path in (self._folder / CAPTURES).glob("*.pcap")))

    def of(self, name: str) -> Capture:
        """Return the capture of one interface, from its own file; `CaptureError` when that can't be read."""
        return self._open(self._folder / CAPTURES / f"{name}.pcap")

    def at(self, names: Collection[str]) -> Capture:
        """Return the capture interfaces `names` as one: of one file each in captures/, or all out of run.pcapng.

        That is done where a file is missing or damaged and run.pcapng has what it held. Else what is not there becomes
        a warning; `RunFolderError` when there is nothing at all.
        """
        files = self._folder / CAPTURES
        if not files.is_dir():
            try:
                return only(self._open(self._folder / MERGED), names)
            except CaptureError as error:
                what = f"{error.what}, and there is no folder {CAPTURES}"
                raise RunFolderError(self._folder / MERGED, what) from error
        parts, warnings = [], []
        for name in sorted(names):
            try:
                parts.append((name, self.of(name)))
            except CaptureError as error:
                warnings.append(f"capture {name}: {error.what}")
        if warnings:
            merged = self._merged(names)
            if merged is not None:
                said = (f"{warning}; {MERGED} has it, and was measured" for warning in warnings)
                return replace(merged, warnings=(*said, *merged.warnings))
        if not parts:
            raise RunFolderError(files, f"holds none of the captures {', '.join(sorted(names))}")
        joined = join(files, parts)
        return replace(joined, warnings=(*warnings, *joined.warnings))

    def _merged(self, names: Collection[str]) -> Capture | None:
        """Return the interfaces `names` of run.pcapng; None where it is not readable, or lacks one of them."""
        try:
            whole = self._open(self._folder / MERGED)
        except CaptureError:
            return None
        return only(whole, names) if {*names} <= {one.name for one in whole.interfaces} else None

    def _open(self, path: Path) -> Capture:
        if path not in self._read:
            try:
                self._read[path] = read_capture(path)
            except CaptureError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, CaptureError):
            raise CaptureError(found.path, found.what)
        return found
