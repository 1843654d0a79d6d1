"""How results look as text: widths, plain tables, numbers, and the words that all reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from testbed.measure.listening.codec_ratings import WIDEBAND
from testbed.plain_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_MEASURED = "–"
PIPED_WIDTH = 140
WIDE = 200
DIRECTIONS = {"to_mn": "to MN", "to_cn": "to CN"}
ABOUT_WB = "WB: wideband scale of ITU-T G.107.1"
PHASES = ("detect", "attach", "address", "signalling", "media")


class PlainConsole(Console):
    """A console on which no text of a file, or of a packet, is taken for a command to the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as ever; what only a terminal would understand is written out."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def console() -> Console:
    """Where results are shown: as wide as the terminal, and wide enough for every table.

    In a terminal that is narrower than that lines go on in the next one; otherwise whole columns would be missing.
    """
    out = PlainConsole(highlight=False)
    return out if out.is_terminal and out.width >= PIPED_WIDTH else PlainConsole(highlight=False, width=PIPED_WIDTH)


def wide_console() -> Console:
    """For tables of a page in docs/, of which some are wider than any other."""
    return PlainConsole(highlight=False, width=WIDE)


def new_table(title: str, *columns: str) -> Table:
    """A plain table that begins with these text columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, vertical="bottom", no_wrap=True)
    return table


def mos_number(heard: Mapping[str, Any]) -> str:
    """The MOS of a result's part; with WB behind it, where it is on the wideband scale."""
    return f"{number(heard['mos'], 2)}{' WB' if heard.get('mos_scale') == WIDEBAND else ''}"


def good_or_bad(value: float | None) -> Text:
    """What must be 0, as a number: green if it is, else red."""
    return Text(number(value), style="bold green" if value == 0 else "bold red")


def number(value: float | None, digits: int = 1) -> str:
    """A number for people; what was not measured is a dash."""
    if value is None:
        return NOT_MEASURED
    return str(value) if isinstance(value, int) else f"{round(value, digits) + 0.0:.{digits}f}"  # no "-0.0"
