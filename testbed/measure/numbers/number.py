"""What a row of the register is: a number of result.json, with all that anybody needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Kind = Literal["text", "integer", "number", "truth"]
Value = float | int | str | bool | None
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Number(Generic[Subject]):
    """A field of result.json.

    `key` is its dotted path within its part. `unit` is empty for texts and truths, and 1 for a number without one.
    `about` says in one line what it is, `more` what docs/metrics.md adds. `column` is what the export calls it, None
    where no table has it. `compute` makes it of what the part is about; None where it was not measured.
    """

    key: str
    kind: Kind
    unit: str
    column: str | None
    about: str
    compute: Callable[[Subject], Value]
    more: str = ""

    def read(self, part: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a JSON value of its kind
        """Return it from its part of a result; None where that has it not."""
        here: Any = part
        for name in self.key.split("."):
            here = here.get(name) if isinstance(here, dict) else None
        return here


def fill(
    rows: Iterable[Number[Subject]], subject: Subject, there: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the part of result.json that rows describe, in their order.

    `there` says of parts within it whether there is anything to tell of: those that are None are null as a whole.
    """
    found: dict[str, Any] = {}
    for row in rows:
        *outer, name = row.key.split(".")
        if outer and there is not None and there.get(outer[0], True) is None:
            found[outer[0]] = None
            continue
        here = found
        for part in outer:
            here = here.setdefault(part, {})
        here[name] = row.compute(subject)
    return found


def by_key(rows: Iterable[Number[Subject]]) -> dict[str, Number[Subject]]:
    """Return rows by their keys; `ValueError` when two have the same."""
    found: dict[str, Number[Subject]] = {}
    for row in rows:
        if found.setdefault(row.key, row) is not row:
            raise ValueError(f"two numbers are called {row.key}")
    return found
