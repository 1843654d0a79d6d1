"""A program with the files beside it: loaded, checked before anything is run, and filled in for the place it gets."""

import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes

from testbed.scenario.kinds.program import Content, ProgramFile, Role, TellSetting
from testbed.scenario.reading.document import hint, validated
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.places import PROGRAM
from testbed.scenario.reading.tree import Place, Tree, name_of, read_text, read_tree
from testbed.scenario.reading.units import shown

TEMPLATE = ".j2"
# All of them travel into the guest with the plan.
MOST_BYTES = 4 * 1024 * 1024
TELLINGS = ("start", "call", "hang_up", "stop")

VARIABLES = (
    "node", "role", "user", "address", "sip_port", "media_port", "relay_port", "turn_port", "checks_pairs", "seed",
    "peer", "account", "home", "links", "addresses", "call", "hang_up_after", "subscriber", "is_outbound",
    "kept",
)  # fmt: skip
"""What texts and templates of a program may name; docs/programs.md says what each is."""

JINJA = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - no HTML


@dataclass(frozen=True)
class Text:
    """A text with places to fill in, and where it stands: a place in the program's file, or a template beside it."""

    path: Path
    line: int
    name: str
    text: str

    def used(self) -> set[str]:
        """The variables in it; raises BadScenarioError where it is no template, or names one that there is not."""
        try:
            syntax = JINJA.parse(self.text)
        except TemplateSyntaxError as error:
            what = f"{error.message}; write {{{{ … }}}} around the name of a variable"
            raise self.error(what, error.lineno) from None
        used = meta.find_undeclared_variables(syntax)
        for name in sorted(used - {*VARIABLES}):
            line = next(one.lineno for one in syntax.find_all(nodes.Name) if one.name == name)
            raise self.error(f"there is no variable {shown(name)}{hint(name, VARIABLES)}", line)
        return used

    def filled(self, variables: dict[str, Any]) -> str:
        """The text for this place; raises BadScenarioError where a variable has no such part here."""
        try:
            return JINJA.from_string(self.text).render(variables)
        except (UndefinedError, TemplateError, TypeError, ValueError, ArithmeticError) as error:
            lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == "<template>"]
            role = variables["role"]
            raise self.error(f"as {role} in '{variables['node']}': {error}", (lines or [1])[-1]) from None

    def error(self, what: str, line_within: int | None) -> BadScenarioError:
        """What is wrong at a line of the text."""
        line = self.line + (line_within or 1) - 1 if self.name == "" else self.line
        prefix = f"{self.name}: " if self.name else ""
        return BadScenarioError([ScenarioError(self.path, line, f"{prefix}{what}")])


@dataclass(frozen=True)
class LoadedProgram:
    """A program, where its file is, and every text of it.

    `templates` are those of its files, by role and name in the program's folder; `copies` the bytes of the others.
    """

    path: Path
    settings: ProgramFile
    tree: Tree = field(repr=False)
    templates: dict[tuple[Role, str], Text] = field(repr=False)
    copies: dict[str, bytes] = field(repr=False)
    executables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in tables and in lists."""
        return self.settings.name

    @property
    def uses(self) -> set[str]:
        """All variables that stand in it."""
        texts = [*self.templates.values(), *self.texts()]
        return {name for text in texts for name in text.used()}

    @property
    def can_hang_up(self) -> bool:
        """Whether it can be told to hang up, or told beforehand when to."""
        return self.settings.hang_up is not None or "hang_up_after" in self.uses

    def texts(self) -> list[Text]:
        """The texts in the program's own file that may have variables in them."""
        found = [self.text(("command", number), word) for number, word in enumerate(self.settings.command)]
        found.append(self.text(("ready", "says"), self.settings.ready.says))
        for name in TELLINGS:
            tell: TellSetting | None = getattr(self.settings, name)
            for kind in ("types", "runs"):
                words = (getattr(tell, kind) if tell else None) or ()
                found += [self.text((name, kind, number), word) for number, word in enumerate(words)]
        return found

    def text(self, place: Place, text: str) -> Text:
        """A text in the program's own file."""
        return Text(self.path, self.tree.line(place), name_of(place), text)

    def packages(self) -> dict[str, ScenarioError]:
        """See `asked_for`."""
        return asked_for(self.tree, ("packages",), self.settings.packages)

    def error(self, place: Place, what: str) -> BadScenarioError:
        """What is wrong at a place of the program's own file."""
        return BadScenarioError([self.tree.error(place, what)])

    def checked(self) -> Self:
        """Itself; raises BadScenarioError for the first text that can't be filled in anywhere."""
        for text in [*self.texts(), *self.templates.values()]:
            text.used()
        return self


def load_program(path: Path) -> LoadedProgram:
    """Reads a program's file and all that it names; raises BadScenarioError for what is wrong or missing."""
    tree = read_tree(path)
    settings = validated(tree, ProgramFile)
    templates: dict[tuple[Role, str], Text] = {}
    copies: dict[str, bytes] = {}
    executables = []
    for name, source in settings.files.items():
        place = ("files", name)
        if isinstance(source, Content):
            text = Text(path, tree.line(place), name_of(place), source.text)
            templates |= {(role, name): text for role in settings.roles}
        elif source.endswith(TEMPLATE):
            templates |= {(role, name): template(tree, place, source, role) for role in settings.roles}
        else:
            beside = file_beside(tree, place, source)
            copies[name] = content(tree, place, beside)
            executables += [name] if os.access(beside, os.X_OK) else []
    if sum(map(len, copies.values())) > MOST_BYTES:
        what = f"files: what is copied has more than {MOST_BYTES // 1024 // 1024} MiB together; name smaller files"
        raise BadScenarioError([tree.error(("files",), what)])
    return LoadedProgram(path, settings, tree, templates, copies, tuple(executables)).checked()


def template(tree: Tree, place: Place, source: str, role: Role) -> Text:
    """The template beside a program's file that is meant in a role: {{ role }} may be a part of its name."""
    named = Text(tree.path, tree.line(place), name_of(place), source)
    for name in sorted(named.used() - {"role"}):
        raise named.error(f"the name of a file may have {{{{ role }}}} in it, and not {name}", 1)
    beside = file_beside(tree, place, named.filled({"role": role, "node": role}))
    return Text(beside, 1, "", read_text(beside, kind="a template"))


def file_beside(tree: Tree, place: Place, name: str) -> Path:
    """A file that is named relative to the program's; raises BadScenarioError where there is none."""
    path = tree.path.parent / name
    if path.is_file():
        return path
    what = "is a folder; name a file" if path.is_dir() else "there is no such file; names begin at this file's folder"
    raise BadScenarioError([tree.error(place, f"{name_of(place)}: {path}: {what}")])


def content(tree: Tree, place: Place, path: Path) -> bytes:
    """The bytes of a file that is copied."""
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"{name_of(place)}: {path}: cannot be read: {error.strerror}"
        raise BadScenarioError([tree.error(place, what)]) from None


def asked_for(tree: Tree, place: Place, packages: Sequence[str]) -> dict[str, ScenarioError]:
    """Debian's packages that a file asks for, with what is to be told where there is none of that name."""
    places = {package: (*place, number) for number, package in enumerate(packages)}
    what = "Debian 12 has no package"
    return {package: tree.error(at, f"{name_of(at)}: {what} {package}") for package, at in places.items()}


def able(role: Role) -> list[str]:
    """The names of the programs that we ship that can play a role."""
    shipped = ((name, validated(read_tree(PROGRAM.find(name)), ProgramFile)) for name in PROGRAM.shipped())
    return [name for name, settings in shipped if role in settings.roles]
