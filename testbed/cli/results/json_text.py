"""Results as JSON for people and programs: indented as ever, but a window of numbers over time takes a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

IN_LINES = "over_time"
"""Field whose entries, of numbers alone, stand in a line each: there are sixty for each stream."""

_encode = json.JSONEncoder(ensure_ascii=False).encode
_PLAIN: dict[type, Callable[[Any], str]] = {str: json.encoder.encode_basestring, int: int.__repr__}


def json_text(value: object) -> str:
    """Return a result as JSON, indented by 2."""
    return _written(value, "\n", "")


def _written(value: object, line: str, name: object) -> str:
    """Return a value whose lines begin as `line` does, under this name."""
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        parts = [f"{_encode(str(key))}: {_written(one, inner, key)}" for key, one in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
    if isinstance(value, list) and value:
        if name == IN_LINES:
            entries = _encode(value)[1:-1].replace("}, {", f"}},{inner}{{")
        else:
            entries = f",{inner}".join([_written(one, inner, "") for one in value])
        return f"[{inner}{entries}{line}]"
    return _PLAIN.get(type(value), _encode)(value)
