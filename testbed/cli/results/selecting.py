"""`--call-id`, `--number`, `--from`, `--to`: which part of a capture a command is about."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from testbed.measure.selection.moment import Moment
from testbed.measure.selection.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable


class _MomentOption(click.ParamType[Moment]):
    name = "moment"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        try:
            return Moment.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_TIME = "seconds from the first packet, 14:03:05, or 2026-01-31T14:03:05 (UTC)"
_OPTIONS = (
    click.option("--call-id", "call_ids", multiple=True, metavar="ID", help="Only this call; repeatable."),
    click.option("--from", "begin", type=_MomentOption(), metavar="TIME", help=f"Only what is not before: {_TIME}."),
    click.option("--to", "end", type=_MomentOption(), metavar="TIME", help="Only what is not after."),
)
_USER = "Only calls from or to this user or telephone number (From, To); repeatable."


def selection_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options, as its argument `selection`; `names` are those of the one for users."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_selection(
            *given: Any,  # noqa: ANN401 - the command's own
            call_ids: tuple[str, ...],
            users: tuple[str, ...],
            begin: Moment | None,
            end: Moment | None,
            **more: Any,  # noqa: ANN401 - see above
        ) -> None:
            command(*given, selection=Selection(call_ids, users, begin, end), **more)

        of_users = click.option(*names, "users", multiple=True, metavar="USER", help=_USER)
        decorated: Callable[..., None] = with_selection
        for option in reversed((_OPTIONS[0], of_users, *_OPTIONS[1:])):
            decorated = option(decorated)
        return decorated

    return decorate
