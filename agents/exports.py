"""What packages give to others, imported when it is used (PEP 562): who imports modules by their names pays nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def exporting(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a package; `homes` has the names that each of its modules defines, separated by spaces."""

    def find(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415 - as above

        for home, names in homes.items():
            if name in names.split():
                return getattr(import_module(f"{package}.{home}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
