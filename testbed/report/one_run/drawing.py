"""The message chart as a drawing: where each lifeline, arrow and word stands. The template makes it SVG.

Rows are messages, media and events in order of time, as in the chart for terminals (`ladder`); so what is milliseconds
apart can be read as well as what is seconds apart.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from testbed.report.one_run.ladder import arrows, call_letters, event_text

if TYPE_CHECKING:
    from testbed.measure.result.chart import Chart, Passage
    from testbed.report.one_run.ladder import Arrow

WIDTH, ROW, HEAD, LINE = 1000, 30, 34, 14
"""Of the drawing, in units of its own: a row is as high as two lines of text."""

_LEFT, _NOTES = 96, 250
_CHARACTER = 6.6
_MARGIN = 10


@dataclass(frozen=True, slots=True)
class Life:
    """A lifeline and its name."""

    x: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """What stands at a height: an arrow, or an event across all lifelines (`text`).

    `link` numbers the MN's link that the arrow is on, None for others. `tip` is where it points to or ends, `to_right`
    which way. `passage` numbers its message. `kind`: it is of SIP, of media, or of what moves the call beside SIP.
    """

    time: str
    y: float = 0.0
    text: str = ""
    letter: str = ""
    label: str = ""
    start: float = 0.0
    tip: float = 0.0
    middle: float = 0.0
    to_right: bool = True
    is_lost: bool = False
    kind: str = "sip"
    link: int | None = None
    notes: tuple[str, ...] = ()
    passage: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole; `bottom` is where lifelines end, `calls` are (letter, Call-ID), `beside` what was said beside SIP."""

    width: int
    height: float
    bottom: float
    lives: tuple[Life, ...]
    rows: tuple[Row, ...]
    calls: tuple[tuple[str, str], ...]
    notes_x: float = float(WIDTH - _NOTES)
    beside: str | None = None


def draw(chart: Chart, links: int) -> Drawing:
    """Lay out a chart whose first `links` lifelines are the MN's links."""
    letters = call_letters(chart)
    xs = _columns(len(chart.lifelines))
    items: list[tuple[int, int, Arrow | str]] = [(one.time_ns, 1, one) for one in arrows(chart, letters)]
    items += [(one.time_ns, 0, event_text(one)) for one in chart.events]
    items.sort(key=lambda item: item[:2])
    rows, y = [], float(HEAD)
    for time_ns, _, item in items:
        time = f"{(time_ns - chart.start_ns) / 1e6:.1f}"
        made = Row(time, text=item) if isinstance(item, str) else _arrow(item, chart, xs, links, time)
        rows.append(replace(made, y=y + 0.8 * ROW))
        y += ROW + LINE * max(len(made.notes) - 2, 0)
    bottom = y + 0.4 * ROW
    lives = tuple(Life(x, line.name) for x, line in zip(xs, chart.lifelines, strict=True))
    calls = tuple((letter, call_id) for call_id, letter in letters.items())
    beside = chart.protocol if chart.said else None
    return Drawing(WIDTH, bottom + _MARGIN, bottom, lives, tuple(rows), calls, beside=beside)


def _columns(count: int) -> list[float]:
    """Return where the lifelines stand, with room for half a name at both ends."""
    first, last = _LEFT + 40.0, WIDTH - _NOTES - 30.0
    return [first + (last - first) * number / max(count - 1, 1) for number in range(count)]


def _arrow(one: Arrow, chart: Chart, xs: list[float], links: int, time: str) -> Row:
    start, end = xs[one.sender], xs[one.receiver]
    to_right = end >= start
    room = abs(end - start) - 16
    label, rest = next((each for each in one.labels if len(each[0]) * _CHARACTER <= room), one.labels[-1])
    tip = end - (1 if to_right else -1) * (0.2 * abs(end - start) if one.is_lost else 2)
    ends = [end for end in (one.sender, one.receiver) if end < links]
    transit = {"lost": "lost", "?": "arrival not captured", "": ""}.get(one.transit, f"{one.transit} ms")
    notes = [note for note in (rest, transit, *one.notes) if note]
    passage = None if one.passage is None else chart.passages[one.passage]
    return Row(
        time=time,
        letter=one.letter,
        label=label,
        start=start,
        tip=tip,
        middle=(start + tip) / 2,
        to_right=to_right,
        is_lost=one.is_lost,
        kind="beside" if one.is_beside_sip else "media" if one.passage is None else "sip",
        link=ends[0] if ends else None,
        notes=tuple(textwrap.wrap(", ".join(notes), int((_NOTES - _MARGIN) / _CHARACTER))),
        passage=one.passage,
        says="" if passage is None else spoken(passage, chart),
    )


def spoken(one: Passage, chart: Chart) -> str:
    """Return a message in words: what, from whom, to whom, when, and how it fared."""
    message = one.message
    what = message.method if message.status is None else f"{message.status} {message.reason} ({message.method})"
    ends = [chart.lifelines[end].name for end in (one.sender, one.receiver)]
    text = f"{what} from {ends[0]} to {ends[1]} at {(one.time_ns - chart.start_ns) / 1e6:.1f} ms"
    if one.is_lost:
        text += ", lost"
    elif one.left_ns is not None and one.arrived_ns is not None:
        text += f", arrived {(one.arrived_ns - one.left_ns) / 1e6:.1f} ms later"
    return text + (f", retransmission {one.repeat}" if one.repeat else "")
