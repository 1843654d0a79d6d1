"""Which names a condition can have: the fields of results, as their types declare them.

A name is looked for below the places where one would look first, so that `gap_ms` is that of streams and `mos` that of
both directions; the full way to a field (`streams.gap_ms`, `media.to_mn.paths.wifi.lost`) is a name, too.
"""

from __future__ import annotations

import difflib
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin

from testbed.measure.conditions.errors import ConditionError
from testbed.measure.numbers.typed_signalling import Numbers
from testbed.measure.result.typed import RunResult
from testbed.measure.result.typed_capture import CaptureResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testbed.measure.conditions.condition import FailIf

Path = tuple[str, ...]
ANY = "*"
"""Stands for each key of a table: links, methods, reasons."""

USERS = "numbers"
"""Where in a run's result the numbers are that its user brought."""


class NamedField(NamedTuple):
    """The way to a field of a result, and whether it is text."""

    path: Path
    is_text: bool


class NamesOf(NamedTuple):
    """The names of a kind of result; `places` are where a name is looked for."""

    kind: str
    model: type[Numbers]
    places: tuple[Path, ...]

    def places_of(self, condition: FailIf) -> list[Path]:
        """Return below which places a name is; `ConditionError` where it is nowhere, or compared with another type."""
        if self.model is RunResult and condition.path[0] == USERS:
            return [()]  # what its user brought, no type declares
        found = [
            (place, field) for place in self.places for field in _fields(self.model) if _fits(field, place, condition)
        ]
        if not found:
            raise ConditionError(condition.text, f"{self.kind} has no {condition.name}{self._nearest(condition.name)}")
        fitting = [place for place, field in found if field.is_text == isinstance(condition.limit, str)]
        if not fitting:
            kind = "text: compare it with == or !=, and with text" if found[0][1].is_text else "a number"
            raise ConditionError(condition.text, f"{condition.name} is {kind}")
        return fitting

    def _nearest(self, name: str) -> str:
        known = {
            ".".join(field.path[len(place) :])
            for place in self.places
            for field in _fields(self.model)
            if field.path[: len(place)] == place
        }
        near = difflib.get_close_matches(name, sorted(known - {""}), n=1)
        return f"; {near[0]}, perhaps?" if near else "; docs/metrics.md has the names"


def _fits(field: NamedField, place: Path, condition: FailIf) -> bool:
    wanted = place + condition.path
    return len(wanted) == len(field.path) and all(
        mine in (ANY, one) for mine, one in zip(field.path, wanted, strict=True)
    )


@cache
def _fields(model: type[Numbers]) -> tuple[NamedField, ...]:
    return tuple(_of_model(model, ()))


def _of_model(model: type[Numbers], path: Path) -> Iterator[NamedField]:
    for name, info in model.model_fields.items():
        yield from _of_type(info.annotation, (*path, name))


def _of_type(annotation: object, path: Path) -> Iterator[NamedField]:
    """Yield what is at a place of a type; a list counts its entries, a table of counts their sum."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        for one in inner:
            if one is not type(None):
                yield from _of_type(one, path)
    elif origin is list:
        yield NamedField(path, is_text=False)
        yield from (field for field in _of_type(inner[0], path) if field.path != path)
    elif origin is dict:
        if inner[1] is int:
            yield NamedField(path, is_text=False)
        if inner[1] is not Any:
            yield from _of_type(inner[1], (*path, ANY))
    elif isinstance(annotation, type) and issubclass(annotation, Numbers):
        yield from _of_model(annotation, path)
    elif annotation in (int, float, bool, str):
        yield NamedField(path, is_text=annotation is str)


OF_CAPTURES = NamesOf(
    "a capture",
    CaptureResult,
    (("streams",), ("calls",), ("listeners",), ("rtcp",), ("dialogs",), ("sip",), ()),
)
OF_RUNS = NamesOf(
    "a run",
    RunResult,
    (
        ("media", "to_mn"),
        ("media", "to_cn"),
        ("handovers",),
        ("handovers", "media", ANY),
        ("signalling",),
        ("media",),
        (),
    ),
)


def names_for(result: Mapping[str, Any]) -> NamesOf:
    """Return the names of what a result is of."""
    return OF_CAPTURES if "streams" in result else OF_RUNS
