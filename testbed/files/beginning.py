"""`new`: small working examples of what users write, each with its test. One row for each kind, and its templates."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from agents.roles.mn.schemes import BASELINE, SCHEMES
from agents.roles.mn.triggers import TRIGGERS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Beginning:
    """What is written for one kind: template and file name of each, what it is for, and what to type next."""

    about: str
    files: dict[str, str]
    next_lines: tuple[str, ...]


def with_test(kind: str, suffix: str, **more: str) -> dict[str, str]:
    """The files of a kind: the thing itself, its test, and what it needs beside."""
    return {f"{kind}{suffix}.j2": f"{{name}}{suffix}", **more, f"test_{kind}.py.j2": "test_{name}.py"}


BEGINNINGS = {
    "scenario": Beginning(
        "a call, its links, what happens to them, and the schemes that hand it over",
        with_test("scenario", ".yaml", **{"failure.yaml.j2": "{name}-failure.yaml"}),
        ("testbed run {name}.yaml", "testbed compare {name}.yaml"),
    ),
    "topology": Beginning(
        "a network in Python: nodes, radios, wires, routes",
        with_test("topology", ".py"),
        ("testbed new scenario {name}-call        and in it: topology: {name}.py",),
    ),
    "profile": Beginning(
        "what a link is like: rate, delay, jitter, loss, queue, each way",
        with_test("profile", ".yaml"),
        ("testbed profile check {name}.yaml", "testbed profile show {name}.yaml"),
    ),
    "failure": Beginning(
        "what happens to links over time",
        with_test("failure", ".yaml"),
        ("testbed failure plot {name}.yaml", "testbed replay {name}.yaml"),
    ),
    "scheme": Beginning(
        "how a handover is done, in Python",
        with_test("scheme", ".py"),
        ("testbed run --scheme ./{name}.py", f"testbed compare --scheme {BASELINE} --scheme ./{{name}}.py"),
    ),
    "trigger": Beginning(
        "when a handover is done, in Python",
        with_test("trigger", ".py"),
        ("testbed new scenario {name}-call        and in it, of a scheme: trigger: {{on: ./{name}.py, by: 6 dB}}",),
    ),
    "phone": Beginning(
        "who takes the call: any program, here one in Python, and the file that says how it is started",
        with_test("phone", ".yaml", **{"phone.py.j2": "{name}.py"}),
        (f"testbed run --scheme {BASELINE} --cn ./{{name}}.yaml",),
    ),
    "number": Beginning(
        "a number of your own for each run, in Python",
        with_test("number", ".py"),
        ("testbed run --number ./{name}.py",),
    ),
}


TAKEN: dict[str, Collection[str]] = {"scheme": SCHEMES, "trigger": TRIGGERS}
"""Names that the testbed's own have."""


class NotBegunError(Exception):
    """Nothing was written: why, in one line."""


def new(kind: str, name: str, folder: Path | str = ".") -> list[Path]:
    """Writes a working example of a kind (`BEGINNINGS`) and its test into a folder, and returns the files.

    Raises NotBegunError, before anything is written, for a name that is none, or where one of the files is there.
    """
    if kind not in BEGINNINGS:
        raise ValueError(f"there is no kind {kind!r}; possible are: {', '.join(BEGINNINGS)}")
    if not NAME.fullmatch(name):
        raise NotBegunError(f"{name!r:.60} is no name for it; use letters, digits, '-' and '_', a letter first")
    if name in TAKEN.get(kind, ()):
        raise NotBegunError(f"the testbed has a {kind} {name!r} of its own; choose another name")
    texts = {Path(folder) / file.format(name=name): _text(template, kind, name)
             for template, file in BEGINNINGS[kind].files.items()}  # fmt: skip
    there = [str(path) for path in texts if path.exists() or path.is_symlink()]
    if there:
        raise NotBegunError(f"already there: {', '.join(there)}; choose another name, or another folder")
    for path, text in texts.items():
        with path.open("x") as file:
            file.write(text)
    return list(texts)


def _text(template: str, kind: str, name: str) -> str:
    """A template filled in; what is beside the thing itself is called after it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - takes as long as all the rest

    made = Environment(
        loader=PackageLoader("testbed.files"), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=True
    )
    is_own = kind in template
    return made.get_template(template).render(name=name if is_own else f"{name}-{template.partition('.')[0]}")
