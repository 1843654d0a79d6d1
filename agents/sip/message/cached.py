"""Values that are worked out at the first look and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Owner = TypeVar("Owner")


class lazy(Generic[Owner, T]):  # noqa: N801 - a decorator, named as `property` is
    """`functools.cached_property` without its lock, which Python 3.12 took out: it is most of the cost before that."""

    def __init__(self, work_out: Callable[[Owner], T]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self, owner: None, kind: type[Owner]) -> lazy[Owner, T]: ...

    @overload
    def __get__(self, owner: Owner, kind: type[Owner]) -> T: ...

    def __get__(self, owner: Owner | None, kind: type[Owner]) -> T | lazy[Owner, T]:
        if owner is None:
            return self
        # From now on the attribute is found before this descriptor, which has no __set__.
        value = owner.__dict__[self._name] = self._work_out(owner)
        return value
