"""Finds what a user brought, looks at it in a child process, and packs it so that it can be carried into a guest."""

import ast
import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from testbed.brought.asking import NoAnswerError, answer_of
from testbed.brought.errors import BroughtError

CHILD = Path(__file__).with_name("child.py")
MOST_BYTES = 512 * 1024
# Debian 12's, in the guest.
GUEST_PYTHON = (3, 11)


class Kind(NamedTuple):
    """A kind of thing that can be brought: `attribute` of the module is a `row` (module:class) of its register.

    Packages name theirs in the entry points of `group`. `has_libraries`: whether it runs on this machine, with all
    that is installed; else in a guest, with Python's own library and our agents alone.
    """

    name: str
    attribute: str
    group: str
    row: str
    has_libraries: bool = False


@dataclass(frozen=True)
class Brought:
    """A thing that a user brought and that has been looked at: what the register's row says, and its files.

    `path` is where it lies, for errors; `module` is `mine.py` or `package.module`, from the folder of the `files`.
    """

    kind: Kind
    name: str
    path: Path
    module: str
    attribute: str
    files: dict[str, str]
    facts: dict[str, Any]

    @property
    def order(self) -> dict[str, str]:
        """What an agent has to know to load it."""
        return {"kind": self.kind.name, "name": self.name, "module": self.module, "attribute": self.attribute}

    @property
    def line(self) -> int:
        """Where its file gives it a value; 0 where that can't be seen."""
        file = self.module if self.module.endswith(".py") else f"{self.module.replace('.', '/')}.py"
        lines = self.files.get(file, "").splitlines()
        starts = (f"{self.attribute} ", f"{self.attribute}:", f"{self.attribute}=")
        return next((number for number, line in enumerate(lines, start=1) if line.startswith(starts)), 0)

    def described(self) -> dict[str, str]:
        """For the manifest: which file it was, by its digest."""
        total = hashlib.sha256()
        for name, text in sorted(self.files.items()):
            data = text.encode()
            total.update(f"{len(name)}:{name}{len(data)}:".encode() + data)
        whole = next(iter(self.files.values())).encode()
        digest = hashlib.sha256(whole).hexdigest() if len(self.files) == 1 else total.hexdigest()
        return {"kind": self.kind.name, "module": self.module, "sha256": digest}


def is_brought(word: str, kind: Kind) -> bool:
    """Whether a word names a user's file, or what an installed package brings."""
    return word.endswith(".py") or word in installed(kind)


def installed(kind: Kind) -> dict[str, EntryPoint]:
    """What the installed packages bring of a kind, by name."""
    return {point.name: point for point in points_of(kind.group, tuple(sys.path))}


@cache
def points_of(group: str, path: tuple[str, ...]) -> EntryPoints:
    """The entry points of a group, of what is installed on Python's own `path`: it takes 5 ms to look for them."""
    del path
    return entry_points(group=group)


def bring(word: str, kind: Kind, *, near: Path | None = None) -> Brought:
    """What a word means: a path, from the folder of the file `near` if there is one, or an entry point's name.

    Raises BroughtError.
    """
    if word.endswith(".py"):
        path = Path(word) if near is None else near.parent / word
        name, files = path.stem, {path.name: text_of(path, kind)}
        facts = looked_at(kind, path.name, kind.attribute, tuple(files.items()), path.parent)
        return Brought(kind, name, path, path.name, kind.attribute, files, facts)
    point = installed(kind)[word]
    folder, files = files_of(point, kind)
    attribute = point.attr or kind.attribute
    facts = looked_at(kind, point.module, attribute, tuple(files.items()), folder)
    return Brought(kind, word, folder / point.module.partition(".")[0], point.module, attribute, files, facts)


@cache
def looked_at(
    kind: Kind, module: str, attribute: str, files: tuple[tuple[str, str], ...], shown_in: Path
) -> dict[str, Any]:
    """What a child process says of these files; raises BroughtError, with files as they lie in `shown_in`."""
    with tempfile.TemporaryDirectory(prefix="testbed-brought-") as folder:
        write_files(Path(folder), dict(files))
        wish = {"folder": folder, "module": module, "attribute": attribute, "row": kind.row}
        file = module if module.endswith(".py") else f"{module.replace('.', '/')}.py"
        return asked(wish, shown_in, shown_in / file, has_libraries=kind.has_libraries)


def asked(wish: dict[str, str], shown_in: Path, file: Path, *, has_libraries: bool) -> dict[str, Any]:
    """The child's answer; raises BroughtError."""
    try:
        said = json.loads(answer_of(CHILD, json.dumps(wish), options=("-I",) if has_libraries else ("-I", "-S")))
    except NoAnswerError as error:
        raise BroughtError(file, 0, str(error)) from None
    if "error" in said:
        name, line, what = said["error"]
        raise BroughtError(shown_in / name, line, what)
    facts: dict[str, Any] = said["facts"]
    return facts


def files_of(point: EntryPoint, kind: Kind) -> tuple[Path, dict[str, str]]:
    """The folder that an entry point's package lies in, and its Python files from there. Loads nothing of it."""
    top = point.module.partition(".")[0]
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        raise BroughtError(point.value, 0, f"the package that brings '{point.name}' is not there; install it again")
    origin = Path(spec.origin)
    if not spec.submodule_search_locations:
        return origin.parent, {origin.name: text_of(origin, kind)}
    root = origin.parent.parent
    return root, {str(path.relative_to(root)): text_of(path, kind) for path in sorted(origin.parent.rglob("*.py"))}


def text_of(path: Path, kind: Kind) -> str:
    """A Python file that the Python which will run it can read; raises BroughtError."""
    version = sys.version_info[:2] if kind.has_libraries else GUEST_PYTHON
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise BroughtError(path, 0, f"cannot be read: {error.strerror}; name a Python file") from None
    except UnicodeDecodeError:
        raise BroughtError(path, 0, "is no text; a Python file in UTF-8 is needed") from None
    if len(data) > MOST_BYTES:
        raise BroughtError(path, 0, f"is too long; at most {MOST_BYTES // 1024} kB are taken")
    try:
        ast.parse(text, feature_version=version)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line = error.lineno or 0 if isinstance(error, SyntaxError) else 0
        said = error.msg if isinstance(error, SyntaxError) else str(error) or "it is too deeply nested"
        name = ".".join(map(str, version))
        raise BroughtError(path, line, f"this is not Python {name}, which runs it: {said}") from None
    return text


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Writes files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
