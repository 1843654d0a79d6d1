"""Looks at what a user brought, in a process of its own: `python child.py ROOT ORDER`, the answer as JSON.

The order says where it is and which row of a register it has to be. Standard output is the answer's alone: what the
user's module writes there goes to standard error.
"""

import json
import os
import resource
import sys

# More than a large library needs: endless growth becomes a MemoryError, with the line where it was.
MOST_MEMORY_BYTES = 4 << 30


def main(root: str, order: str) -> None:
    """The row's plain values as `facts`, or what is wrong as `error`: file, line, what."""
    answer, own = os.dup(1), os.getpid()
    os.dup2(2, 1)
    sys.path.insert(0, root)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    from importlib import import_module  # noqa: PLC0415

    from agents.loading import LoadingError, ModuleAt, file_of, load  # noqa: PLC0415 - ROOT has to be on the path first

    wish = json.loads(order)
    source = ModuleAt(wish["folder"], wish["module"], wish["attribute"])
    where, _, name = wish["row"].partition(":")
    register = import_module(where)
    sys.stdout = getattr(register, "STDOUT", sys.stdout)  # of a kind that may not print, nor may this
    said: dict[str, object]
    try:
        row = load(source, getattr(register, name), register.API_VERSION)
        said = {"facts": {name: value for name, value in row._asdict().items() if not callable(value)}}
    except LoadingError as error:
        said = {"error": [error.file, error.line, error.what]}
    try:
        text = json.dumps(said)
    except TypeError as error:
        text = json.dumps({"error": [file_of(source.module), 0, f"{source.attribute}: {error}; give it plain values"]})
    if os.getpid() == own:  # and no process that the module has made
        with os.fdopen(answer, "wb") as file:
            file.write(text.encode())
    os._exit(0)  # not what its module has left to be done at the end


if __name__ == "__main__":
    main(*sys.argv[1:])
