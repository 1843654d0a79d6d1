"""YAML text to a tree of plain values that knows the line of each of them.

Only what a reader of a scenario can be expected to know is taken: mappings, lists, text, numbers, true and false. Words
stay words, whatever the version of YAML: `on` and `off` are no truth values here, and a date is text.
"""

import contextlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from testbed.plain_files import read_plain
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.units import shown

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
STANDARD_TAGS = "tag:yaml.org,2002:"
INTEGER = re.compile(r"[-+]?[0-9]{1,1000}")
FRACTION = re.compile(r"[-+]?[0-9]{1,100}\.[0-9]{1,100}")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

Step = str | int
Place = tuple[Step, ...]
"""A way through a tree: names of fields and indices of lists."""

# What the parser says, and what that mostly means. The first that fits counts.
ADVICE = (
    ("found character '\\t'", "there is a tab here", "indent and separate with spaces"),
    ("that cannot start any token", "a value cannot begin with this character", "put it into quotes: '…'"),
    ("unexpected end of stream", "a quotation mark opens here and is not closed", "close it on the same line"),
    ("flow sequence", "a bracket '[' opens here and is not closed", "close it with ']'"),
    ("flow mapping", "a brace '{' opens here and is not closed", "close it with '}', with commas between the fields"),
    ("mapping values are not allowed", "this ':' does not fit here",
     "write each field on a line of its own, 'name: value', indented like its neighbours; text with ': ' in quotes"),
    ("sequence entries are not allowed", "a list cannot begin here", "begin it on a line of its own: '- …'"),
    ("could not find expected ':'", "a field has no ':'", "write it like 'name: value'"),
    ("expected <block end>", "this does not go on from the line before",
     "indent fields of one thing alike, and put text that holds quotes into quotes of the other kind"),
    ("found ('<", "something goes on after the end", "one file holds one thing; leave the rest out"),
)  # fmt: skip
MARK_OF_BEGINNING = ("flow sequence", "flow mapping", "unexpected end of stream")


class ValueOrigin(NamedTuple):
    """Where a value stands that is taken instead of a file's own, and how it is called there."""

    path: Path
    line: int
    name: str

    def error(self, what: str) -> ScenarioError:
        """An error about that value."""
        return ScenarioError(self.path, self.line, what if what.startswith(self.name) else f"{self.name}: {what}")


@dataclass(frozen=True)
class Tree:
    """A file's content, and where everything in it stands; `origins` are of values that are not the file's own."""

    path: Path
    text: str
    content: Any
    lines: dict[Place, int] = field(repr=False)
    origins: Mapping[Place, ValueOrigin] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line (from 1) of the innermost part of `place` that the file has."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def has(self, place: Place) -> bool:
        """Whether there is something at `place`."""
        return place in self.lines

    def value(self, place: Place) -> Any:  # noqa: ANN401 - any YAML value
        """What stands at `place`."""
        node = self.content
        for step in place:
            node = node[step]
        return node

    def error(self, place: Place, what: str) -> ScenarioError:
        """An error about what stands at `place`."""
        around = (place[:length] for length in range(len(place), 0, -1))
        origin = next((self.origins[one] for one in around if one in self.origins), None)
        return ScenarioError(self.path, self.line(place), what) if origin is None else origin.error(what)

    def with_value(self, names: Sequence[str], value: Any, origin: ValueOrigin) -> "Tree":  # noqa: ANN401 - any YAML value
        """This tree with another value there, also where it had none; raises BadScenarioError where none can be.

        `names` lead there as `name_of` has them: entries of lists count from 1.
        """
        there: Place = ()
        node = self.content
        for name in names:
            step = step_into(node, name)
            if step is None:
                is_list = isinstance(node, list)
                why = f"has entries 1 to {len(node)}" if is_list else f"is {shown(node)}, and has no fields"
                raise BadScenarioError([origin.error(f"there is no '{name}' in '{name_of(there)}', which {why}")])
            there = (*there, step)
            node = node[step] if isinstance(step, int) else (node or {}).get(step)
        lines = {one: line for one, line in self.lines.items() if one[: len(there)] != there}
        lines |= {there[:length]: self.line(there[:length]) for length in range(len(there))}
        lines |= dict.fromkeys(places_in(value, there), origin.line)
        new = [there[:length] for length in range(1, len(there) + 1) if not self.has(there[:length])]
        origins = {**self.origins, **dict.fromkeys([*new, there], origin)}
        return replace(self, content=put(self.content, there, value), lines=lines, origins=origins)


def read_tree(path: Path) -> Tree:
    """The tree of a YAML file; raises BadScenarioError."""
    source = Source(path, read_text(path))
    try:
        return TreeBuilder(source).build()
    except MarkedYAMLError as error:
        raise not_yaml(source, error) from None
    except (YAMLError, AssertionError, ValueError, OverflowError) as error:
        # The parser's answers to characters and escapes that there are not, and to versions of YAML yet to come.
        what = f"this is not YAML: {str(error).splitlines()[0]}; leave it out"
        raise source.error(getattr(error, "position", 0), what) from None


def read_text(path: Path, *, kind: str = "a YAML file", most_bytes: int = MOST_BYTES) -> str:
    """The text of a file; raises BadScenarioError when it is none, or too much to be meant."""
    data = read_bytes(path, kind=kind, most_bytes=most_bytes)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise bad(path, line, f"this is not text; {kind} in UTF-8 is needed") from None


def read_bytes(path: Path, *, kind: str, most_bytes: int) -> bytes:
    """The content of a file, which is no pipe and no device; raises BadScenarioError where it can't be read."""
    try:
        data = read_plain(path, most_bytes)
    except OSError as error:
        raise bad(path, 0, f"cannot be read: {error.strerror}; name a file that you may read") from None
    if len(data) > most_bytes:
        raise bad(path, 0, f"is too long; {kind} of at most {most_bytes // 1024} kB is needed")
    return data


@contextlib.contextmanager
def named_in(tree: Tree, *place: Step) -> Iterator[None]:
    """Errors about a thing that is not there, or can't be read, point to the line that names it."""
    try:
        yield
    except BadScenarioError as errors:
        if any(error.line for error in errors.errors):
            raise
        raise BadScenarioError([tree.error(place, f"{name_of(place)}: {error}") for error in errors.errors]) from None


def step_into(node: Any, name: str) -> Step | None:  # noqa: ANN401 - any YAML value
    """The step from a node to what a word names in it, or could name in it; None where there can't be such a thing."""
    if isinstance(node, list):
        return int(name) - 1 if name.isdecimal() and 0 < int(name) <= len(node) else None
    return name if isinstance(node, dict | None) else None


def put(node: Any, place: Place, value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """A copy of a node that has another value at a place below it."""
    if not place:
        return value
    step, *further = place
    if isinstance(node, list):
        return [put(one, tuple(further), value) if number == step else one for number, one in enumerate(node)]
    return {**(node or {}), step: put((node or {}).get(step), tuple(further), value)}


def places_in(value: Any, place: Place) -> Iterator[Place]:  # noqa: ANN401 - any YAML value
    """The place of a value, and of all that is in it."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from places_in(one, (*place, step))


def name_of(place: Place) -> str:
    """How to call a place: entries of lists count from 1, as people do."""
    return ".".join(f"{step + 1}" if isinstance(step, int) else step for step in place)


def bad(path: Path, line: int, what: str) -> BadScenarioError:
    """The exception for one thing that is wrong."""
    return BadScenarioError([ScenarioError(path, line, what)])


class Source:
    """A file's text, and which character stands on which line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self._ends = [match.start() for match in re.finditer("\n", text.rstrip())]

    def line(self, index: int) -> int:
        """The line (from 1) of a character; what is missing at the end belongs to the last line that has something."""
        return bisect_right(self._ends, index - 1) + 1

    def error(self, index: int, what: str) -> BadScenarioError:
        """The exception for what is wrong at a character."""
        return bad(self.path, self.line(index), what)


def not_yaml(source: Source, error: MarkedYAMLError) -> BadScenarioError:
    """The parser's complaint in words for people who don't write parsers."""
    said = f"{error.context or ''}, {error.problem or ''}"
    index = error.problem_mark.index if error.problem_mark else 0
    for sign, what, advice in ADVICE:
        if sign in said:
            if sign in MARK_OF_BEGINNING and error.context_mark is not None:
                index = error.context_mark.index
            return source.error(index, f"{what}; {advice}")
    return source.error(index, f"this is not YAML: {shown(error.problem)}; look at this line and the one before")


class TreeBuilder:
    """Follows the parser's events; stops at the first thing that a scenario must not have."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(source.text)
        self._lines: dict[Place, int] = {(): 1}

    def build(self) -> Tree:
        """The whole tree; raises BadScenarioError, or whatever the parser raises."""
        content: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "a second document begins here; one file holds one thing")
                first = next(self._events)
                self._lines[()] = self._line(first)
                content = self._value((), first)
        return Tree(self._source.path, self._source.text, content, self._lines)

    def _value(self, place: Place, event: Event) -> Any:  # noqa: ANN401 - any YAML value
        if len(place) > MOST_DEPTH:
            raise self._error(event, f"more than {MOST_DEPTH} levels are nested here; nothing needs so many")
        self._refuse_references(event)
        if isinstance(event, ScalarEvent):
            self._refuse_long_quotes(event)
            return scalar(event.value, is_plain=not event.style)
        return self._list(place) if isinstance(event, SequenceStartEvent) else self._mapping(place)

    def _list(self, place: Place) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            inner = (*place, len(values))
            self._lines[inner] = self._line(event)
            values.append(self._value(inner, event))
        return values

    def _mapping(self, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            self._refuse_references(event)
            if not isinstance(event, ScalarEvent):
                raise self._error(event, "the name of a field should be a word; write it like 'name: value'")
            name = event.value
            inner = (*place, name)
            if name in values:
                first = self._lines[inner]
                what = f"{shown(name)} is here a second time, after line {first}; leave one of them out"
                raise self._error(event, what)
            self._lines[inner] = self._line(event)
            values[name] = self._value(inner, next(self._events))
        return values

    def _refuse_long_quotes(self, event: ScalarEvent) -> None:
        """A quotation mark that is not closed mostly finds another some lines on: the complaint would be about that."""
        last = self._source.line(event.end_mark.index - 1)
        if event.style in ("'", '"') and last != self._line(event):
            what = f"a quotation mark opens here and is closed on line {last}; close it on the same line"
            raise self._error(event, what)

    def _refuse_references(self, event: Event) -> None:
        """Values stand where they are used: no aliases, which could make a small file a huge one, and no types."""
        if isinstance(event, AliasEvent):
            raise self._error(event, f"{shown(f'*{event.anchor}')} stands for a value elsewhere; write that value here")
        if isinstance(event, NodeEvent) and event.anchor is not None:
            raise self._error(
                event, f"{shown(f'&{event.anchor}')} gives a value a name; leave it out, and write values out"
            )
        if isinstance(event, CollectionStartEvent | ScalarEvent) and event.tag is not None:
            raise self._error(
                event, f"{shown(str(event.tag).replace(STANDARD_TAGS, '!!'))} gives a value a type; leave it out"
            )

    def _line(self, event: Event) -> int:
        return self._source.line(event.start_mark.index)

    def _error(self, event: Event, what: str) -> BadScenarioError:
        return self._source.error(event.start_mark.index, what)


def scalar(text: str, *, is_plain: bool) -> Any:  # noqa: ANN401 - any YAML value
    """A value without quotes may be a number, nothing, true or false; else it is text."""
    if is_plain:
        if text.lower() in WORDS:
            return WORDS[text.lower()]
        if INTEGER.fullmatch(text):
            return int(text)
        if FRACTION.fullmatch(text):
            return float(text)
    return text
