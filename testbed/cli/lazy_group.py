"""Commands that are imported when they are asked for: what one needs costs the others no time to start.

The pattern of Click's documentation ("Lazily Loading Subcommands"). The help of the group imports all of them.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose `lazy` says of each command where it is: 'module:attribute'."""

    def __init__(self, *arguments: Any, lazy: Mapping[str, str], **more: Any) -> None:  # noqa: ANN401 - all of Click's
        super().__init__(*arguments, **more)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, sorted."""
        return sorted([*self.lazy, *super().list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported; None if there is no such one."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.lazy[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command
