"""Whether results have an attribute for everything in them."""

from __future__ import annotations

from testbed.measure.numbers.typed_signalling import Numbers


def unnamed(part: object, place: str = "") -> list[str]:
    """Where in a result there is something without an attribute of its own."""
    if isinstance(part, Numbers):
        found = [f"{place}.{name}" for name in part.model_extra or {}]
        fields = {name: getattr(part, name) for name in type(part).model_fields}
        return [*found, *unnamed(fields, place)]
    if isinstance(part, dict):
        return [one for name, value in part.items() for one in unnamed(value, f"{place}.{name}")]
    return [one for value in part for one in unnamed(value, place)] if isinstance(part, list) else []
