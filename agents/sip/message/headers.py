"""Header fields in order, with the names and bytes that they came with (RFC 3261 7.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import is_token, split_outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# RFC 3261 7.3.3 and 20; the second row from later RFCs (3265, 3515, 3841, 3892, 4028).
_COMPACT = {
    "c": "content-type", "e": "content-encoding", "f": "from", "i": "call-id", "k": "supported",
    "l": "content-length", "m": "contact", "s": "subject", "t": "to", "v": "via",
    "a": "accept-contact", "b": "referred-by", "o": "event", "r": "refer-to", "u": "allow-events",
    "x": "session-expires",
}  # fmt: skip


@lru_cache(maxsize=256)  # the same few names stand in every message
def canonical(name: str) -> str:
    """The long form in lower case, under which fields are compared."""
    name = name.lower()
    return _COMPACT.get(name, name)


class Field:
    """One header field row. `raw` is what stood on the wire, folding and all; None for a row that we made."""

    __slots__ = ("key", "name", "raw", "value")

    def __init__(self, name: str, value: str, raw: str | None = None) -> None:
        self.name = name
        self.value = value
        self.key = canonical(name)
        self.raw = raw

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.value!r})"


class Headers:
    """An ordered list of header fields; names are compared without case and across compact forms."""

    __slots__ = ("_fields", "_index")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [Field(name, value) for name, value in pairs]
        # Rows by canonical name, made at the first look-up after a change: a message that is only sent needs none.
        self._index: dict[str, list[Field]] | None = None

    def load(self, lines: list[str]) -> None:
        """Append the rows of a header, given without their CRLF; line 2 of a message is the first here.

        Raises `SipParseError` for the first line that is no header, after the others were taken: a 400 needs them.
        """
        fields = self._fields
        self._index = None
        first_error = None
        for number, line in enumerate(lines, 2):
            if line[:1] in {" ", "\t"} and fields:  # 7.3.1: a folded line, the fold counts as one SP
                field = fields[-1]
                field.value = " ".join((field.value, line.strip(" \t"))).strip()
                field.raw = f"{field.raw}\r\n{line}"
                continue
            name, colon, value = line.partition(":")
            name = name.rstrip(" \t")
            if colon and is_token(name):
                fields.append(Field(name, value.strip(" \t"), line))
            else:
                what = "bad header name" if colon else "no ':' in header"
                first_error = first_error or SipParseError(number, what, line)
        if first_error:
            raise first_error

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((field.name, field.value) for field in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: str) -> bool:
        return bool(self._rows(name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Headers({list(self)!r})"

    def __str__(self) -> str:
        rows = [f"{field.name}: {field.value}" if field.raw is None else field.raw for field in self._fields]
        return "".join(f"{row}\r\n" for row in rows)

    def get(self, name: str) -> str | None:
        """Value of the first row of this name."""
        rows = self._rows(name)
        return rows[0].value if rows else None

    def get_all(self, name: str) -> list[str]:
        """Values of all rows of this name, each as it stands."""
        return [field.value for field in self._rows(name)]

    def elements(self, name: str) -> list[str]:
        """The comma-separated elements of all rows of this name (7.3.1); raises `SipParseError`."""
        values = [field.value for field in self._rows(name)]
        if not any(values):
            return []
        return [element for value in values for element in split_outside(value, ",")]

    def add(self, name: str, value: str) -> None:
        """Append a row."""
        self._index = None
        self._fields.append(Field(name, value))

    def set(self, name: str, value: str) -> None:
        """Put this value where the first row of this name stood, or at the end; the other rows of it go."""
        field = Field(name, value)
        at = next((index for index, old in enumerate(self._fields) if old.key == field.key), len(self._fields))
        self.remove(name)
        self._fields.insert(at, field)

    def set_first(self, name: str, element: str) -> None:
        """Replace the first comma-separated element of the first row of this name; the rest stays."""
        field = self._rows(name)[0]
        field.value = ", ".join([element, *split_outside(field.value, ",")[1:]])
        field.raw = None

    def remove(self, name: str) -> None:
        """Drop every row of this name."""
        key = canonical(name)
        self._index = None
        self._fields = [field for field in self._fields if field.key != key]

    def line_of(self, name: str) -> int:
        """The line of a parsed message on which the first row of this name starts; 0 when there is none."""
        key = canonical(name)
        line = 2
        for field in self._fields:
            if field.key == key:
                return line
            line += 1 + (field.raw or "").count("\r\n")
        return 0

    def _rows(self, name: str) -> list[Field]:
        index = self._index
        if index is None:
            index = self._index = {}
            for field in self._fields:
                index.setdefault(field.key, []).append(field)
        rows = index.get(name)
        return index.get(canonical(name), []) if rows is None else rows
