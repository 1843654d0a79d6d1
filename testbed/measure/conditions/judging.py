"""Where a condition holds in a result, and where what it is about was not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.conditions.errors import ConditionError
from testbed.measure.conditions.names import ANY, USERS, names_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from testbed.measure.conditions.condition import FailIf
    from testbed.measure.conditions.names import Path


class Judged(NamedTuple):
    """One line about a condition; `is_measured`: it holds, else nobody knows whether it does."""

    line: str
    is_measured: bool


class _Seen(NamedTuple):
    where: tuple[str, ...]
    value: Any


def judge(condition: FailIf, result: Mapping[str, Any]) -> list[Judged]:
    """Return a line for each stream, call, direction … for which a condition holds or what it is about is not known.

    `ConditionError` as in `NamesOf.places_of`, and where the name is of a user's number that the result does not have.
    """
    places = names_for(result).places_of(condition)
    if condition.path[0] == USERS and condition.path[1:2] != ():
        there = result.get(USERS, {})
        if condition.path[1] not in there:
            known = ", ".join(f"{USERS}.{name}" for name in there) or "none"
            raise ConditionError(condition.text, f"the run has no {condition.name}; of its user's there are: {known}")
    seen = [
        one
        for place in places
        for where, thing in _things(result, place, ())
        for one in _at(thing, condition.path, where)
    ]
    if not seen:
        return [Judged(f"there is nothing in it that has {condition.name}", is_measured=False)]
    return [said for one in seen if (said := _judged(condition, one)) is not None]


def _judged(condition: FailIf, one: _Seen) -> Judged | None:
    where = "".join(f"{part}: " for part in one.where)
    if one.value is None:
        return Judged(f"{where}{condition.name} was not measured", is_measured=False)
    value = one.value
    if isinstance(value, list):
        value = len(value)
    elif isinstance(value, dict):
        value = _total(condition, value)
    if isinstance(value, str) != isinstance(condition.limit, str):
        raise ConditionError(condition.text, f"{condition.name} is {value!r} here")
    if not condition.holds(value):
        return None
    said = f"{where}{condition.name} is {value}, and should not be {condition.what_fails}"
    return Judged(said, is_measured=True)


def _total(condition: FailIf, counts: Mapping[str, Any]) -> int:
    if not all(isinstance(one, int) for one in counts.values()):
        inner = ", ".join(f"{condition.name}.{name}" for name in counts)
        raise ConditionError(condition.text, f"{condition.name} is several numbers: {inner}")
    return sum(counts.values())


def _things(inner: object, place: Path, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the things at a place, but those that only repeat another one."""
    if not isinstance(inner, dict):
        return
    if not place:
        yield where, inner
        return
    first, rest = place[0], place[1:]
    if first == ANY:
        for name, one in inner.items():
            yield from _things(one, rest, (*where, name))
        return
    found = inner.get(first)
    if isinstance(found, list):
        for number, one in enumerate(found):
            if not _is_repeated(first, number, one, rest):
                yield from _things(one, rest, (*where, _label(first, number, one)))
    else:
        yield from _things(found, rest, where if first == "media" else (*where, first))


def _is_repeated(kind: str, number: int, one: Mapping[str, Any], rest: Path) -> bool:
    """Whether it is a call of one stream, a listener of one SSRC, or what `media` has: the first handover's numbers."""
    match kind:
        case "calls":
            return len(one["paths"]) < 2
        case "listeners":
            return len(one["ssrcs"]) < 2
        case "handovers":
            return number == 0 and bool(rest)
        case _:
            return False


def _at(inner: object, path: Path, where: tuple[str, ...]) -> Iterator[_Seen]:
    """Yield what is at a path, in lists for each of their entries; None where the way to it ends before."""
    if not path or not isinstance(inner, dict):
        yield _Seen(where, None if path else inner)
        return
    found, rest = inner.get(path[0]), path[1:]
    if rest and isinstance(found, list):
        seen = [
            value
            for number, one in enumerate(found)
            for value in _at(one, rest, (*where, _label(path[0], number, one)))
        ]
        # A window in which nothing was to come has no MOS: not measured is what no window of a stream has.
        measured = [one for one in seen if one.value is not None] if path[0] == "over_time" else []
        yield from measured or seen
    else:
        yield from _at(found, rest, where)


_LABELS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "streams": lambda one: f"stream {one['src']} > {one['dst']} {one['ssrc']}",
    "rtcp": lambda one: f"RTCP of {one['src']} > {one['dst']} {one['ssrc']}",
    "calls": lambda one: f"call {one['ssrc']} over {len(one['paths'])} paths",
    "listeners": lambda one: f"listener at {one['dst']}",
    "dialogs": lambda one: f"dialog {one['number']} ({one['call_id']})",
    "sip": lambda one: f"{one['method']} {one['cseq']} ({one['call_id']})",
    "over_time": lambda one: f"{one['from_s']:g} to {one['to_s']:g} s",
    "dtmf": lambda one: f"key {one['digit']} at {one['at_s']} s",
    "transactions": lambda one: f"{one['method']} {one['cseq']}",
}


def _label(kind: str, number: int, one: Mapping[str, Any]) -> str:
    label = _LABELS.get(kind)
    return f"{kind.removesuffix('s')} {number + 1}" if label is None else label(one)
