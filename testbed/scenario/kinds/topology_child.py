"""Loads a topology file in a process of its own: `python topology_child.py ROOT FILE`, the answer as JSON.

The answer is the file's `network` in plain values, or what is wrong as `error`: line and what. A value that JSON has
not is there as {"!": how Python shows it}. What the file writes to standard output goes to standard error.
"""

import json
import os
import resource
import sys
import traceback
from dataclasses import fields, is_dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

# A network's own parts are nested five deep.
MOST_DEPTH = 8
MOST_PARTS = 100_000
MOST_MEMORY_BYTES = 4 << 30
FOREIGN = "!"


class TopologyError(Exception):
    """What is wrong: line, and what."""


def main(root: str, name: str) -> None:
    """Loads the file and answers, unless this is a process that the file has made."""
    answer, own = os.dup(1), os.getpid()
    os.dup2(2, 1)
    sys.path.insert(0, root)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        said: dict[str, Any] = {"network": Parts().plain(network_in(name))}
    except TopologyError as error:
        said = {"error": list(error.args)}
    if os.getpid() == own:
        with os.fdopen(answer, "w", encoding="utf-8") as file:
            json.dump(said, file)
    os._exit(0)  # not what its module has left to be done at the end


def network_in(name: str) -> object:
    """The NETWORK of a file; raises TopologyError."""
    from testbed.lab.network import Network  # noqa: PLC0415 - ROOT has to be on the path first

    found = getattr(run(name), "NETWORK", None)
    if not isinstance(found, Network):
        raise TopologyError(0, "there is no NETWORK here")
    return found


def run(name: str) -> ModuleType:
    """Runs a Python file; raises TopologyError for whatever goes wrong in it."""
    spec = spec_from_file_location(Path(name).stem, name)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    try:
        compile(Path(name).read_bytes(), name, "exec")
    except SyntaxError as error:
        raise TopologyError(error.lineno or 1, not_python(error.msg)) from None
    except ValueError as error:  # null bytes, before Python 3.11.4
        raise TopologyError(1, not_python(str(error))) from None
    except (MemoryError, RecursionError):
        raise TopologyError(longest_line(name), not_python("it is too deeply nested")) from None
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
        said = " ".join(str(error).split()) or "no reason given"
        what = f"this fails with {type(error).__name__}: {said}; a topology should define NETWORK and do nothing else"
        raise TopologyError((lines or [1])[-1] or 1, what) from error
    return module


def not_python(why: str) -> str:
    """What is said of a file that can't be compiled."""
    return f"this is not Python: {why}; look at this line and the one before"


def longest_line(name: str) -> int:
    """Where what is nested too deeply most likely is: Python does not say."""
    lines = Path(name).read_bytes().splitlines()
    return lines.index(max(lines, key=len)) + 1


class Parts:
    """Turns a network into plain values; raises TopologyError where there are more than any network has."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def plain(self, value: object, depth: int = 0) -> object:
        """Dictionaries, lists, texts, numbers; what is none of these, and what is nested too deeply, is marked."""
        self._left -= 1
        if self._left < 0:
            raise TopologyError(0, f"NETWORK has more than {MOST_PARTS} parts; no network has so many")
        if depth > MOST_DEPTH:
            return {FOREIGN: repr(value)}
        if isinstance(value, list | tuple):
            return [self.plain(one, depth + 1) for one in value]
        if is_dataclass(value) and not isinstance(value, type):
            return {one.name: self.plain(getattr(value, one.name), depth + 1) for one in fields(value)}
        return value if value is None or isinstance(value, str | int | float) else {FOREIGN: repr(value)}


if __name__ == "__main__":
    main(*sys.argv[1:])
