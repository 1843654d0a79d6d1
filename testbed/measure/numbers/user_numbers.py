"""Numbers that users bring: a Python file, or what an installed package names in its entry points (docs/metrics.md).

Their code computes in a child, with a time limit, and may not write to standard output, which is the results'. What is
wrong is told by file and line of theirs. What they find goes beside our numbers and changes none of them.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import signal
import sys
import threading
import traceback
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from testbed.measure.numbers.apart import do_apart
from testbed.measure.numbers.errors import UserNumberError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType, ModuleType

API_VERSION = 1
"""Of the interface that `UserNumber` and what its `compute` gets are."""
GROUP, ATTRIBUTE = "sip_handover_testbed.numbers", "NUMBER"
LIMIT_S = 20.0
"""For loading a file, and for each call of `compute`."""
DIRECTIONS = ("to_mn", "to_cn")
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class UserNumber(NamedTuple):
    """A number of a user's.

    `api` is the version of the interface that it was made for. `key` is its name in result.json, in small letters with
    its unit at the end (`longest_hole_ms`); `unit` is that unit, 1 where there is none; `about` says in one line what
    it is. `compute` gets a `testbed.measure.MeasuredRun`, and `to_mn` or `to_cn` if it is `of` a direction; it returns
    a number, or None where it was not measured.
    """

    api: int
    key: str
    unit: str
    about: str
    compute: Callable[..., float | None]
    of: Literal["run", "direction"] = "direction"

    def wrong(self) -> str:
        """What is wrong with it, in words; nothing where nothing is."""
        said: dict[str, Any] = self._asdict()  # a user's file may say anything
        if said["api"] != API_VERSION:
            return f"it is made for version {said['api']!r} of the interface; this testbed has {API_VERSION}"
        if not isinstance(said["key"], str) or not _KEY.fullmatch(said["key"]):
            return f"key is {said['key']!r}, and should be of small letters, digits and _: longest_hole_ms"
        for name in ("unit", "about"):
            if not isinstance(said[name], str) or not said[name].strip() or "\n" in said[name]:
                return f"{name} is {said[name]!r}, and should be one line of text"
        if not callable(said["compute"]):
            return f"compute is {said['compute']!r}, and should be a function"
        return "" if said["of"] in {"run", "direction"} else f"of is {said['of']!r}, and should be 'run' or 'direction'"


@dataclass(frozen=True)
class LoadedNumber:
    """A user's number, and the file that it is in, with its digest."""

    row: UserNumber
    path: Path
    sha256: str

    def described(self) -> dict[str, str]:
        """For the manifest."""
        row = self.row
        return {"key": row.key, "unit": row.unit, "about": row.about, "file": self.path.name, "sha256": self.sha256}


def load_numbers(words: Iterable[str], near: Path | None = None) -> tuple[LoadedNumber, ...]:
    """Load numbers: files (`./mine.py`, from the folder `near` if given), or names of entry points; each key once.

    `UserNumberError` for what can't be loaded.
    """
    return join_numbers(_load(word, near) for word in dict.fromkeys(words))


def join_numbers(*some: Iterable[LoadedNumber]) -> tuple[LoadedNumber, ...]:
    """Return all of these, each once; `UserNumberError` where two files bring one key."""
    found: dict[str, LoadedNumber] = {}
    for one in chain(*some):
        other = found.setdefault(one.row.key, one)
        if other is not one and other.path.resolve() != one.path.resolve():
            raise UserNumberError(one.path, 0, f"its key {one.row.key} is that of {other.path} too; take another")
    return tuple(found.values())


def work_out(numbers: Iterable[LoadedNumber], run: object) -> tuple[dict[str, Any], list[str]]:
    """Return key -> value, or values by direction, and why those are None that could not be worked out.

    One child works out all of them; after a number that ends it, another child goes on with the next number.
    """
    numbers = tuple(numbers)
    wanted = [(one, direction) for one in numbers for direction in (DIRECTIONS if one.row.of == "direction" else ("",))]
    found = {(one.row.key, direction): None for one, direction in wanted}
    warnings: list[str] = []
    while wanted:
        left = list(wanted)
        answers, ended = do_apart(partial(_compute, left, run), LIMIT_S)
        for (one, direction), (value, wrong) in zip(left, answers, strict=False):
            found[one.row.key, direction] = value
            warnings += [wrong] if wrong else []
        wanted = left[len(answers) :]
        if ended is not None and wanted:
            one = wanted[0][0]
            line = ended.line_of(one.path) or _line_of_compute(one)
            warnings.append(_warning(one, UserNumberError(one.path, line, ended.how)))
            wanted = [other for other in wanted if other[0] is not one]
    return {
        one.row.key: found[one.row.key, ""]
        if one.row.of == "run"
        else {direction: found[one.row.key, direction] for direction in DIRECTIONS}
        for one in numbers
    }, list(dict.fromkeys(warnings))


def _compute(wanted: Iterable[tuple[LoadedNumber, str]], run: object, tell: Callable[[object], None]) -> None:
    """Tell each value, and what is wrong with it, in their order."""
    for one, direction in wanted:
        try:
            with _guarded(one.path):
                value = one.row.compute(run, direction) if direction else one.row.compute(run)
            tell((_checked(one, value), ""))
        except UserNumberError as error:
            tell((None, _warning(one, error)))


def _warning(one: LoadedNumber, error: UserNumberError) -> str:
    return f"number {one.row.key}: {error}"


def _checked(one: LoadedNumber, value: object) -> float | None:
    """Return what `compute` answered, as Python's own number."""
    plain = value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
    if plain is None:
        return None
    if isinstance(plain, int | float) and not isinstance(plain, bool) and math.isfinite(plain):
        return int(plain) if isinstance(plain, int) else float(plain)
    what = f"compute answered {value!r:.60}; it should be a finite number, or None"
    raise UserNumberError(one.path, _line_of_compute(one), what)


def _line_of_compute(one: LoadedNumber) -> int:
    """Return where the function of a number begins; 0 where that can't be seen."""
    return getattr(getattr(one.row.compute, "__code__", None), "co_firstlineno", 0)


def _load(word: str, near: Path | None) -> LoadedNumber:
    is_file = word.endswith(".py") or "/" in word
    path, module, attribute = _from_file(word, near) if is_file else _from_package(word)
    row = getattr(module, attribute, None)
    example = f"{attribute} = UserNumber(api={API_VERSION}, key=…, unit=…, about=…, compute=…)"
    if row is None:
        raise UserNumberError(path, 0, f"defines no {attribute}; end it with {example}")
    data = path.read_bytes()
    line = _line(data.decode("utf-8"), attribute)
    if not isinstance(row, UserNumber):
        raise UserNumberError(path, line, f"{attribute} is no UserNumber; write {example}")
    if wrong := row.wrong():
        raise UserNumberError(path, line, f"{attribute}: {wrong}")
    return LoadedNumber(row, path, hashlib.sha256(data).hexdigest())


def _from_file(word: str, near: Path | None) -> tuple[Path, ModuleType, str]:
    """Return a user's file, run, and which of its objects is meant."""
    path = Path(word) if near is None else near / word
    try:
        path.read_bytes()
    except OSError as error:
        raise UserNumberError(path, 0, f"cannot be read: {error.strerror}; name a Python file") from None
    spec = spec_from_file_location(f"testbed_number_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserNumberError(path, 0, "is no Python file; its name should end with .py")
    name, loader = spec.name, spec.loader

    def run() -> ModuleType:
        module = sys.modules[name] = module_from_spec(spec)
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing is left beside a user's file
        try:
            loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = writes
        return module

    return path, _run(run, path), ATTRIBUTE


def _from_package(word: str) -> tuple[Path, ModuleType, str]:
    """Return the same of what an installed package brings."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    if word not in points:
        known = f"installed packages bring {', '.join(sorted(points))}" if points else "no installed package brings one"
        raise UserNumberError(word, 0, f"there is no such number; name a file, such as ./{word}.py ({known})")
    point = points[word]
    module = _run(lambda: import_module(point.module), Path(point.module))
    if module.__file__ is None:
        raise UserNumberError(point.module, 0, "is no module with a file")
    return Path(module.__file__), module, point.attr or ATTRIBUTE


def _run(load: Callable[[], ModuleType], path: Path) -> ModuleType:
    """Return a user's module once a child has run it to its end, so that one which never ends is not run here."""

    def tried(tell: Callable[[object], None]) -> None:
        try:
            with _guarded(path):
                load()
            tell(None)
        except UserNumberError as error:
            tell((error.line, error.what))

    answers, ended = do_apart(tried, LIMIT_S)
    if not answers:
        line, how = (ended.line_of(path), ended.how) if ended else (0, "")
        raise UserNumberError(path, line, f"{how} when it was loaded; let it define things alone")
    if answers[0] is not None:
        raise UserNumberError(path, *answers[0])
    with _guarded(path):
        return load()


def _line(text: str, name: str) -> int:
    """Return where a name is given a value; 0 where that can't be seen."""
    starts = (number for number, line in enumerate(text.splitlines(), 1) if re.match(rf"{name}\b", line))
    return next(starts, 0)


class _TooLongError(BaseException):
    """Goes past `except Exception` of the user's."""


class NoOutput(io.TextIOBase):
    """Stands for standard output while a user's code runs; `print` raises, and so at the line that it is on."""

    def write(self, text: str) -> int:
        """Refuse."""
        raise PermissionError(f"writes {text.strip()!r:.40} to standard output, which is the results'; use sys.stderr")


STDOUT = NoOutput()
"""Standard output as a user's code has it, here and where it is only looked at."""


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Run a user's code: whatever it raises, writes or waits for becomes a `UserNumberError` with their line.

    The limit is for the main thread, which each child of `do_apart` is in; elsewhere it has been kept to already.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, _stop) if is_main else None
    if is_main:
        signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        with redirect_stdout(STDOUT):
            yield
    except UserNumberError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UserNumberError(path, _line_of(error, path), _said(error)) from error
    finally:
        if is_main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLongError(f"not done after {LIMIT_S:g} s")


def _line_of(error: BaseException, path: Path) -> int:
    """Return the innermost line of the user's file that took part in an error; 0 where none did."""
    whole = path.resolve()
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).resolve() == whole:
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == whole]
    return lines[-1] or 0 if lines else 0


def _said(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, _TooLongError | PermissionError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
