"""Numbers as options: in ASCII's digits, as in files."""

import re
from typing import Any

import click


class WholeNumber(click.IntRange):
    """A whole number within bounds; Python's own int takes the digits of any script, blanks, and 1_000."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """Refuses what only Python takes for one."""
        if isinstance(value, str) and re.fullmatch("[+-]?[0-9]+", value) is None:
            self.fail(f"{value!r} is no whole number; write it like 7.", param, ctx)
        return super().convert(value, param, ctx)
