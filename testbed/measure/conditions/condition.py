"""A condition as it is written: a number's name, a comparison, a limit (`gap_ms > 200`)."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testbed.measure.conditions.errors import ConditionError

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_EQUALITY = ("==", "!=")
_WRITTEN = re.compile(r"\s*([\w.-]+)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FailIf:
    """`path` is the name between its dots; `limit` is text where a field of text is compared."""

    text: str
    path: tuple[str, ...]
    comparison: str
    limit: float | str

    @classmethod
    def parse(cls, text: str) -> FailIf:
        """Read a condition; `ConditionError` says what it should look like."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ConditionError(text, "should be a name, a comparison (> >= < <= == !=) and a limit: 'gap_ms > 200'")
        name, comparison, limit = found.groups()
        if _NUMBER.fullmatch(limit):
            return cls(text, tuple(name.split(".")), comparison, float(limit))
        if comparison not in _EQUALITY:
            raise ConditionError(text, f"{limit} is no number; text can be compared with == and != only")
        return cls(text, tuple(name.split(".")), comparison, limit)

    @property
    def name(self) -> str:
        """The name as it was written."""
        return ".".join(self.path)

    @property
    def what_fails(self) -> str:
        """Comparison and limit."""
        limit = self.limit if isinstance(self.limit, str) else f"{self.limit:g}"
        return f"{self.comparison} {limit}"

    def holds(self, value: float | str) -> bool:
        """Whether a value is one to fail for; it is of the limit's type (`NamesOf.places_of`)."""
        return _COMPARISONS[self.comparison](value, self.limit)
