"""Many run folders at once: found below the folders named, read as they are, and asked for their fields strictly."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.folder.run_folder import MANIFEST, RESULT, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "truth": (bool,),
    "object": (dict, list),
}
"""What a field may hold, by the kind of its column; null always."""


@dataclass(frozen=True)
class Record:
    """A run as its folder tells of it. `result` is None where nothing was measured.

    `name` is the folder's path within the deepest folder that holds all runs read together: different for each, and the
    same wherever that folder lies.
    """

    name: str
    folder: Path
    manifest: dict[str, Any]
    result: dict[str, Any] | None

    @property
    def status(self) -> str | None:
        """`done`, `failed`, or `running` where the testbed itself was killed."""
        return cast("str | None", self.get("manifest.status", "text"))

    @property
    def warnings(self) -> list[str]:
        """What the run warns of: those of the result, which has the manifest's too."""
        where = "manifest" if self.result is None else "result"
        found = (self.manifest if self.result is None else self.result).get("warnings") or []
        if not isinstance(found, list) or not all(_fits(one, "text") for one in found):
            raise self._wrong(f"{where}.warnings", found, "list of texts")
        return found

    def get(self, path: str, kind: str, /, **filled: str) -> Any:  # noqa: ANN401 - a JSON value of that kind
        """Return the field at a dotted path that begins with `manifest` or `result`; None where it is not there.

        `filled` stands for the path's parts in braces. `RunFolderError` when the field, or one on the way there, is of
        another kind.
        """
        where, *names = (part.format(**filled) for part in path.split("."))
        here: Any = self.manifest if where == "manifest" else self.result
        for name in names:
            if here is None:
                return None
            if isinstance(here, list) and name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
            elif isinstance(here, dict):
                here = here.get(name)
            else:
                raise self._wrong(path.format(**filled), here, "object")
        if here is None or _fits(here, kind):
            return here
        raise self._wrong(path.format(**filled), here, kind)

    def keys(self, path: str, /, **filled: str) -> list[str]:
        """Return the names in the object at a path, or the places in the list there; none where it is not there."""
        found = self.get(path, "object", **filled)
        return [str(number) for number in range(len(found))] if isinstance(found, list) else list(found or ())

    def _wrong(self, path: str, value: object, kind: str) -> RunFolderError:
        where, _, field = path.partition(".")
        name = "an" if kind[0] in "io" else "a"
        file = self.folder / (MANIFEST if where == "manifest" else RESULT)
        return RunFolderError(file, f"{field} is {value!r:.60}, and should be {name} {kind}")


def _fits(value: object, kind: str) -> bool:
    """Whether a JSON value is of a kind, and tables can hold it: 64-bit numbers, text that UTF-8 has."""
    if not isinstance(value, KINDS[kind]) or (kind == "truth") != isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value)


def find_runs(places: Iterable[Path]) -> list[Path]:
    """Return the run folders at and below these, each once; in the order given, below each by name (seed2, seed10).

    A folder is one of a run when it holds a manifest.json; what is below that is not searched. `RunFolderError` for a
    place without any, or one that can't be read.
    """
    found: dict[Path, Path] = {}
    for place in places:
        below = sorted(_below(place), key=_by_numbers)
        if not below:
            raise RunFolderError(place, f"holds no run: neither it nor a folder below has a {MANIFEST}")
        for folder in below:
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def read_records(places: Iterable[Path]) -> list[Record]:
    """Read the runs that `find_runs` finds; `RunFolderError` when one can't be read, or is of another version."""
    folders = find_runs(places)
    whole = [folder.resolve() for folder in folders]
    common = Path(os.path.commonpath([one.parent for one in whole]))
    return [
        Record(
            name=one.relative_to(common).as_posix(),
            folder=folder,
            manifest=read_document(folder),
            result=read_document(folder, RESULT) if (folder / RESULT).exists() else None,
        )
        for folder, one in zip(folders, whole, strict=True)
    ]


def _below(place: Path) -> list[Path]:
    """Return the run folders at and below a place; links to folders are not followed, so that none is met twice."""

    def refuse(error: OSError) -> None:
        raise RunFolderError(Path(error.filename or place), error.strerror or str(error)) from error

    found = []
    for folder, folders, files in os.walk(place, onerror=refuse):
        if MANIFEST in files:
            found.append(Path(folder))
            folders.clear()
    return found


def _by_numbers(path: Path) -> list[tuple[int, str]]:
    """Order seed2 before seed10."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if number % 2 else (-1, part) for number, part in enumerate(parts)]
