"""Loads what users bring: a Python file, or a module of a package, that defines one object of an expected kind.

What is wrong with it is told by file and line of the user's. Nothing here knows what schemes or triggers are.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class RegisterRow(Protocol):
    """What a register has a row of, ours or a user's: `api` is the version of the interface that it was made for."""

    @property
    def api(self) -> int:
        """The version."""

    def wrong(self) -> str:
        """What is wrong with the row's values, in words; nothing where nothing is."""


RowT = TypeVar("RowT", bound=RegisterRow)


class ModuleAt(NamedTuple):
    """Where an object is: `attribute` of `module`, which is `mine.py` or `package.module`, in a folder."""

    folder: str
    module: str
    attribute: str


class LoadingError(Exception):
    """What is wrong with a user's module: file (from its folder), line (0: all of it), and what."""

    def __init__(self, file: str, line: int, what: str) -> None:
        self.file = file
        self.line = line
        self.what = " ".join(what.split())
        super().__init__(f"{file}:{line}: {self.what}" if line else f"{file}: {self.what}")


def load(source: ModuleAt, kind: type[RowT], version: int) -> RowT:
    """The object that a user's module defines; raises LoadingError, whatever is wrong with it."""
    file = file_of(source.module)
    module = loaded(source)
    found: Any = getattr(module, source.attribute, None)
    if found is None:
        raise LoadingError(file, 0, f"defines no {source.attribute}; end it with {example(source, kind, version)}")
    if not isinstance(found, kind):
        what = f"{source.attribute} is no {kind.__name__}; write {example(source, kind, version)}"
        raise LoadingError(file, line_of(module, source.attribute), what)
    if found.api != version:
        what = f"{source.attribute} is made for version {found.api} of the interface; this testbed has {version}"
        raise LoadingError(file, line_of(module, source.attribute), what)
    if what := found.wrong():
        raise LoadingError(file, line_of(module, source.attribute), f"{source.attribute}: {what}")
    return found


def loaded(source: ModuleAt) -> ModuleType:
    """The module, run for the first time; raises LoadingError where that fails. Leaves no byte code behind."""
    sys.dont_write_bytecode = True
    try:
        if not source.module.endswith(".py"):
            sys.path.append(source.folder)  # last: what it calls like a module of Python's is not that
            return import_module(source.module)
        name = f"brought_{Path(source.module).stem}"
        spec = cast("ModuleSpec", spec_from_file_location(name, Path(source.folder, source.module)))
        module = sys.modules[name] = module_from_spec(spec)
        cast("Loader", spec.loader).exec_module(module)
    except BaseException as error:
        raise blamed(error, source.folder) or LoadingError(file_of(source.module), 0, said(error)) from error
    return module


def blamed(error: BaseException, folder: str) -> LoadingError | None:
    """An exception as the fault of the innermost line in the user's folder; None where none of his took part."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return LoadingError(str(Path(error.filename).relative_to(folder)), error.lineno or 0, said(error))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(folder):
            return LoadingError(str(Path(frame.filename).relative_to(folder)), frame.lineno or 0, said(error))
    return None


def said(error: BaseException) -> str:
    """An exception in one line, without the place that a SyntaxError repeats."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def file_of(module: str) -> str:
    """The file of a module, from its folder."""
    return module if module.endswith(".py") else f"{module.replace('.', '/')}.py"


def place_of(method: Callable[..., object], source: ModuleAt) -> tuple[str, int]:
    """Where a method begins: file (from its folder) and line, which is 0 where that is not in the folder."""
    code = getattr(method, "__code__", None)
    if code is None or not Path(code.co_filename).is_relative_to(source.folder):
        return file_of(source.module), 0
    return str(Path(code.co_filename).relative_to(source.folder)), code.co_firstlineno


def line_of(module: ModuleType, name: str) -> int:
    """Where a module's file gives a value to a name; 0 where that can't be seen."""
    lines = Path(cast("str", module.__file__)).read_text(encoding="utf-8").splitlines()
    starts = (number for number, line in enumerate(lines, start=1) if line.startswith((f"{name} ", f"{name}:")))
    return next(starts, 0)


def example(source: ModuleAt, kind: type[RegisterRow], version: int) -> str:
    """What should stand there."""
    return f"{source.attribute} = {kind.__name__}(api={version}, …)"
