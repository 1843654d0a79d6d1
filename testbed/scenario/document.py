"""YAML files to validated models, with every complaint naming its line."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from testbed.scenario.errors import BadScenarioError, ScenarioError


class Document(BaseModel):
    """Base of everything that is read from a user's file: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


DocumentT = TypeVar("DocumentT", bound=Document)


def load(path: Path, model: type[DocumentT]) -> DocumentT:
    """Reads and checks a file; raises BadScenarioError with one entry for each thing that is wrong."""
    tree = read_yaml(path)
    try:
        return model.model_validate(to_plain(tree))
    except ValidationError as error:
        raise BadScenarioError(
            [ScenarioError(path, line_of(tree, one["loc"]), describe(one, model)) for one in error.errors()]
        ) from None


def read_yaml(path: Path) -> CommentedMap:
    """The tree of a YAML file, which knows its lines; raises BadScenarioError."""
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadScenarioError([ScenarioError(path, 0, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise BadScenarioError([ScenarioError(path, 0, "is not text; a YAML file in UTF-8 is needed")]) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadScenarioError([ScenarioError(path, line, f"is not YAML here: {error.problem}")]) from None
    except YAMLError as error:
        what = f"is not YAML: {str(error).splitlines()[0]}"
        raise BadScenarioError([ScenarioError(path, 0, what)]) from None
    if not isinstance(tree, CommentedMap):
        raise BadScenarioError([ScenarioError(path, 1, "holds no fields; it should begin with 'name: …'")])
    return tree


def to_plain(node: Any) -> Any:  # noqa: ANN401 - any YAML value
    """A tree of plain Python values."""
    if isinstance(node, CommentedMap):
        return {str(key): to_plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [to_plain(value) for value in node]
    return node


def line_of(tree: CommentedMap, place: Sequence[int | str]) -> int:
    """The line (from 1) of the innermost part of `place` that the file has."""
    node: Any = tree
    line = 1
    for step in place:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            break  # a missing field, or the name of a union's branch
        node = node[step]
    return line


def describe(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One line that says what is wrong and what would be right."""
    name = ".".join(str(step) for step in error["loc"])
    match error["type"]:
        case "missing":
            return f"{name} is missing; add a line '{error['loc'][-1]}: …'"
        case "extra_forbidden":
            return f"{name} is unknown{hint(str(error['loc'][-1]), known_names(model))}"
        case "value_error":
            return f"{name}: {error['ctx']['error']}" if name else str(error["ctx"]["error"])
        case "literal_error":
            return f"{name}: {error['input']!r} is not possible; it should be {error['ctx']['expected']}"
    return f"{name}: {error['input']!r} does not fit; {error['msg'][0].lower()}{error['msg'][1:]}"


def hint(word: str, known: Sequence[str]) -> str:
    """What may have been meant by a word that nobody knows."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; possible are: {', '.join(known)}"


def known_names(model: type[BaseModel]) -> list[str]:
    """Every field name of a model and of the models in it."""
    names: dict[str, None] = {}
    for name, field in model.model_fields.items():
        names[name] = None
        for inner in inner_models(field.annotation):
            names.update(dict.fromkeys(known_names(inner)))
    return list(names)


def inner_models(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - any type expression
    """The models that occur in a type expression."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in getattr(annotation, "__args__", ()) for inner in inner_models(part)]
