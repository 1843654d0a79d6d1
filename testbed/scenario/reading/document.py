"""YAML files to validated models, with every complaint naming its line."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import Place, Tree, name_of, read_tree
from testbed.scenario.reading.units import shown

MOST_ERRORS = 20


class Document(BaseModel):
    """Base of everything that is read from a user's file: nothing unknown, nothing guessed, nothing changed later."""

    # A run reads three or four kinds of files: what checks the others is not made.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    kind: ClassVar[str] = "file"
    """What a file with this content is called."""
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Fields that one may look for here, and what is to be said of them."""


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
"""A name that folders and options can have too."""

DocumentT = TypeVar("DocumentT", bound=Document)


def load(path: Path, model: type[DocumentT]) -> DocumentT:
    """Reads and checks a file; raises BadScenarioError with one entry for each thing that is wrong."""
    return validated(read_tree(path), model)


def validated(tree: Tree, model: type[DocumentT]) -> DocumentT:
    """The model of a file that has been read; raises BadScenarioError with one entry for each thing that is wrong."""
    if tree.content is None:
        raise BadScenarioError([tree.error((), "the file is empty; it should begin with 'name: …'")])
    if not isinstance(tree.content, dict):
        raise BadScenarioError([tree.error((), "here are no fields; the file should begin with 'name: …'")])
    nothing = [tree.error(place, f"{name_of(place)} is empty; write a value there") for place in empty(tree)]
    if nothing:
        raise BadScenarioError(nothing[:MOST_ERRORS])
    try:
        return model.model_validate(tree.content)
    except ValidationError as error:
        complaints = [Complaint(one, place_of(tree, one), model) for one in error.errors()]
        raise BadScenarioError(errors_of(tree, complaints, model)) from None


def validated_at(tree: Tree, place: Place, content: dict[str, Any], model: type[DocumentT]) -> DocumentT:
    """The model of what stands at a place, whose kind only something else has told; raises BadScenarioError."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        complaints = [Complaint(one, place_in(tree, (*place, *one["loc"])), model) for one in error.errors()]
        errors = [tree.error(one.place, f"{one}") for one in complaints[:MOST_ERRORS]]
        raise BadScenarioError(errors) from None


def errors_of(tree: Tree, complaints: list["Complaint"], model: type[Document]) -> list[ScenarioError]:
    """One error for each mistake: a name with a slip is not missed too, and a file of another kind is one mistake."""
    strange = [one for one in complaints if one.is_unknown and one.meant is None and len(one.place) == 1]
    missing = [one for one in complaints if one.is_missing and len(one.place) == 1]
    if strange and missing:
        what = (
            f"this is no {model.kind}: it has no '{missing[0].last}', and '{strange[0].last}' does not belong here;"
            f" its fields are: {', '.join(model.model_fields)}"
        )
        return [tree.error(strange[0].place, what)]
    meant = {(*one.place[:-1], one.meant) for one in complaints if one.is_unknown}
    told = [one for one in complaints if not one.is_missing or one.place not in meant]
    return [tree.error(one.place, str(one)) for one in told[:MOST_ERRORS]]


def empty(tree: Tree) -> list[Place]:
    """Places without a value. Nothing in our files may be left open."""
    return [place for place in tree.lines if place and tree.value(place) is None]


# What is wrong and what would be right, by pydantic's name for the error; filled in from a Complaint.
MESSAGES = {
    "missing": "{0.name} is missing; add a line '{0.last}: …'",
    "extra_forbidden": "{0.name} {0.strangeness}",
    "value_error": "{0.prefix}{0.reason}",
    "literal_error": "{0.prefix}{0.value} is not possible{0.words_hint}",
    "union_tag_invalid": "{0.prefix}{0.value} is not possible{0.words_hint}",
    "union_tag_not_found": "{0.prefix}does not say which one is meant; add a line '{0.discriminator}: …'",
    "string_type": "{0.prefix}{0.value} is no text; write a word, or put it into quotes: '…'",
    "int_type": "{0.prefix}{0.value} is no whole number; write it like 1",
    "greater_than_equal": "{0.prefix}{0.value} is too small; it should be {0.error[ctx][ge]} or more",
    "less_than_equal": "{0.prefix}{0.value} is too large; it should be {0.error[ctx][le]} or less",
    "string_pattern_mismatch": "{0.prefix}{0.value} is no name; use letters, digits, '-', '_' and '.'",
    "string_too_long": "{0.prefix}{0.value} is too long; use at most {0.error[ctx][max_length]} characters",
    "too_short": "{0.prefix}there is nothing in it; add an entry",
    "list_type": "{0.prefix}{0.value} is no list; write each entry on a line of its own: '- …'",
    "dict_type": "{0.prefix}{0.value} has no fields; write them below it, indented, like 'name: value'",
    "model_type": "{0.prefix}{0.value} has no fields; write them below it, indented: {0.inner_fields}",
    "model_attributes_type": "{0.prefix}{0.value} has no fields; write them below it, indented: {0.inner_fields}",
}
KEY = "[key]"
"""What pydantic puts at the end of a location when the name of a field is wrong, and not its value."""


@dataclass(frozen=True)
class Complaint:
    """An error of pydantic's, at a place of a file, in words."""

    error: ErrorDetails
    place: Place
    model: type[BaseModel]

    def __str__(self) -> str:
        kind = self.error["type"]
        if kind in MESSAGES:
            return MESSAGES[kind].format(self)
        return f"{self.prefix}{self.value} does not fit; {self.error['msg'][:1].lower()}{self.error['msg'][1:]}"

    @property
    def is_missing(self) -> bool:
        """Whether the field should be there and is not."""
        return self.error["type"] == "missing"

    @property
    def is_unknown(self) -> bool:
        """Whether the field should not be there."""
        return self.error["type"] == "extra_forbidden"

    @property
    def meant(self) -> str | None:
        """The field that may have been meant by an unknown one."""
        return nearest(str(self.last), fields_at(self.model, self.error["loc"][:-1])) if self.is_unknown else None

    @property
    def name(self) -> str:
        """How to call the place."""
        return name_of(self.place[:-2] if self.last == KEY else self.place)

    @property
    def prefix(self) -> str:
        """The name at the beginning of a line; nothing for the file as a whole."""
        return f"{self.name}: " if self.name else ""

    @property
    def last(self) -> str | int:
        """The innermost field."""
        return self.place[-1] if self.place else ""

    @property
    def value(self) -> str:
        """What stands there."""
        return shown(self.error["ctx"]["tag"] if "tag" in self.error.get("ctx", {}) else self.error["input"])

    @property
    def reason(self) -> str:
        """What one of our own checks said."""
        return str(self.error["ctx"]["error"])

    @property
    def discriminator(self) -> str:
        """The field that tells the branches of a union apart."""
        return str(self.error["ctx"]["discriminator"]).strip("'")

    @property
    def words_hint(self) -> str:
        """The words that would have been possible: pydantic says "'a', 'b' or 'c'"."""
        context = self.error["ctx"]
        expected: str = context["expected"] if "expected" in context else context["expected_tags"]
        possible = [word.strip("' ") for word in expected.replace(" or ", ", ").split(", ")]
        return hint(self.value, ["true" if word == "True" else word for word in possible])

    @property
    def strangeness(self) -> str:
        """Why a field should not be there."""
        models = [one for one in models_at(self.model, self.error["loc"][:-1]) if issubclass(one, Document)]
        told = (one.elsewhere[str(self.last)] for one in models if self.last in one.elsewhere)
        return next(told, f"is unknown{self.fields_hint}")

    @property
    def fields_hint(self) -> str:
        """The fields that would have been possible beside it."""
        return hint(str(self.last), fields_at(self.model, self.error["loc"][:-1]))

    @property
    def inner_fields(self) -> str:
        """The fields that are possible in it."""
        return ", ".join(fields_at(self.model, self.error["loc"]))


def place_of(tree: Tree, error: ErrorDetails) -> Place:
    """Where an error is in the file; one of our own checks is about something that is there."""
    place = place_in(tree, error["loc"])
    is_branch = error["type"] == "value_error" and place[-1:] != (KEY,) and not tree.has(place)
    return place[:-1] if is_branch else place


def place_in(tree: Tree, location: Place) -> Place:
    """Where pydantic's location is in the file, which has no step for the branch of a union."""
    place: Place = ()
    for step in location[:-1]:
        place = (*place, step) if tree.has((*place, step)) else place
    return (*place, *location[-1:])


def place_among(values: Mapping[str, Any], location: Place) -> Place:
    """The same among values that are of no file."""
    place: Place = ()
    here: Any = values
    for step in location[:-1]:
        if isinstance(here, Mapping) and step in here:
            place, here = (*place, step), here[step]
    return (*place, *location[-1:])


def hint(word: str, known: Sequence[str]) -> str:
    """What may have been meant by a word that nobody knows."""
    near = nearest(word, known)
    return f"; possible are: {', '.join(known)}" if near is None else f"; did you mean '{near}'?"


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that is spelt most like this one, if any is."""
    spelt = {one.lower(): one for one in known}
    near = difflib.get_close_matches(word.strip("'").lower(), spelt, n=1)
    return spelt[near[0]] if near else None


def fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """The names of the fields that are possible at a place."""
    return list(dict.fromkeys(name for one in models_at(model, place) for name in written(one)))


def models_at(model: type[BaseModel], place: Place) -> list[type[BaseModel]]:
    """The models that what stands at a place can be of."""
    annotations: list[Any] = [model]
    for step in place:
        annotations = [inner for annotation in annotations for inner in below(annotation, step)]
    return [one for annotation in annotations for one in models_in(annotation)]


def below(annotation: Any, step: str | int) -> list[Any]:  # noqa: ANN401 - any type expression
    """The types of what is at `step` in a value of this type; the step may also be the name of a union's branch."""
    models = list(models_in(annotation))
    found = [written(one)[step].annotation for one in models if isinstance(step, str) and step in written(one)]
    branch = [one for one in models for field in one.model_fields.values() if step in get_args(field.annotation)]
    return found or branch or [annotation]


def written(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the names that files have for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type expression
    """The models that a type expression is made of, without those inside of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from models_in(get_args(annotation)[0])
    else:
        for part in get_args(annotation):
            yield from models_in(part)
