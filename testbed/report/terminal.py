"""How results look as text: widths, plain tables, numbers, and the words that all reports share."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

NOT_MEASURED = "–"
PIPED_WIDTH = 120
DIRECTIONS = {"to_mn": "to MN", "to_cn": "to CN"}
PHASES = ("detect", "attach", "address", "signalling", "media")


def console() -> Console:
    """Where results are shown: as wide as the terminal, and wide enough for every table.

    In a terminal that is narrower than that lines go on in the next one; otherwise whole columns would be missing.
    """
    out = Console(highlight=False)
    return out if out.is_terminal and out.width >= PIPED_WIDTH else Console(highlight=False, width=PIPED_WIDTH)


def new_table(title: str, *columns: str) -> Table:
    """A plain table that begins with these text columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, vertical="bottom", no_wrap=True)
    return table


def good_or_bad(value: float | None) -> Text:
    """What must be 0, as a number: green if it is, else red."""
    return Text(number(value), style="bold green" if value == 0 else "bold red")


def number(value: float | None, digits: int = 1) -> str:
    """A number for people; what was not measured is a dash."""
    if value is None:
        return NOT_MEASURED
    return str(value) if isinstance(value, int) else f"{round(value, digits) + 0.0:.{digits}f}"  # no "-0.0"
