"""A small picture of a run's handover for a terminal: which path brought the call to each side, and when none did.

One column is the same time in every line. It can be read without colours, and stays within 80 columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Group
from rich.text import Text

from testbed.measure.call.unaided import KIND as SEEN
from testbed.measure.numbers.media_numbers import GAP as GAP_OF_WINDOW
from testbed.measure.numbers.media_numbers import GAP_CALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from testbed.measure.result.story import DirectionStory, PathArrivals, Story

WIDTH = 80
DIRECTIONS = {"to_mn": "to MN", "to_cn": "to CN"}
NEW, BOTH, COPIES, NOTHING = "█", "▓", "░", "·"
HOLE, GAP, GAP_START, GAP_END, GAP_LINE = "×", "┃", "├", "┤", "─"
TICK, LONGEST_LINK = "|", 8
TITLE = "The handovers, as the captures saw them"
LEGEND = (
    f"{NEW} new packets  {BOTH} new ones and duplicates  {COPIES} duplicates alone  {NOTHING} nothing came in\n"
    f"{GAP_START}{GAP_LINE}{GAP_END} gap  {HOLE} nothing to be heard  L link lost\n"
    "T trigger  M moved, told of none  I INVITE, i its answer  B BYE, b its answer"
)
_STYLES = ("blue", "dark_orange", "green", "magenta")
_COLUMN_MS = (1, 2, 5, 10, 20, 25, 40, 50, 100, 200, 250, 300, 400, 500, 1000, 2000, 2500, 5000, 10_000)
_TICK_COLUMNS, _LEAST_MARGIN_S, _PACKETS_A_COLUMN = 10, 0.2, 2
LOST = "link_gone"


class TimeColumns(NamedTuple):
    """Columns of `column_ms` each, from `start_ms` on, in milliseconds of scenario time."""

    start_ms: int
    column_ms: int
    columns: int

    @property
    def edges_s(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Where columns begin, and where the last one ends."""
        return (self.start_ms + self.column_ms * np.arange(self.columns + 1)) / 1000

    def column(self, time_s: float) -> int:
        """Return the column of a time; outside the picture it is less than 0, or `columns` and more."""
        return int((time_s * 1000 - self.start_ms) // self.column_ms)


def pictures(stories: Iterable[tuple[str, Story]]) -> RenderableType:
    """Return the pictures of runs, by their names, and what the signs mean."""
    parts: list[RenderableType] = []
    for name, story in stories:
        parts += [picture(name, story), Text()]
    return Group(Text(TITLE, style="bold"), *parts, Text(LEGEND, style="dim"))


def picture(name: str, story: Story) -> RenderableType:
    """Return the picture of one run: its handover, or all of the call's media where there was none."""
    gutter = _gutter(story)
    axis = _axis(story, WIDTH - 1 - gutter)
    end_s = float(axis.edges_s[-1])
    title = f"{name}: {axis.start_ms / 1000:.2f} s to {end_s:.2f} s of the run, {axis.column_ms} ms a column"
    lines = [Text(title), *_head(axis, gutter, story)]
    for direction, label in DIRECTIONS.items():
        heard = story.directions.get(direction)
        if heard is not None:
            media = story.result["media"][direction]
            gap_ms = (GAP_CALL if heard.window_s is None else GAP_OF_WINDOW).read(media)
            lines += _direction(label, heard, axis, gutter, gap_ms)
    return Group(*lines)


def _gutter(story: Story) -> int:
    links = [path.link for heard in story.directions.values() for path in heard.paths]
    return len("to MN ") + max([len("missed"), *(len(link[:LONGEST_LINK]) for link in links)]) + 1


def _axis(story: Story, columns: int) -> TimeColumns:
    """Return the axis: all that belongs to the handover, with a tenth before and after, or else the call's media.

    A column takes two packets, so that one which is empty tells of more than the time between packets.
    """
    ways, margin = story.directions.values(), 0.0
    if story.trigger_s:
        found = (*story.trigger_s[:1], *(at for one in ways for at in (*(one.window_s or ()), *(one.gap_s or ()))))
        times, margin = [at for at in found if at is not None], 0.1
    else:
        times = [end for one in ways if len(one.new_s) for end in (one.new_s[0], one.new_s[-1])]
    first_s, last_s = (min(times), max(times)) if times else (story.start_s, story.end_s)
    margin_s = max((last_s - first_s) * margin, _LEAST_MARGIN_S)
    first_s, last_s = max(first_s - margin_s, story.start_s), min(last_s + margin_s, story.end_s)
    interval_ms = story.document["call"]["packet_interval_ms"]
    least_ms = max((last_s - first_s) * 1000 / (columns - 1), _PACKETS_A_COLUMN * interval_ms)
    column_ms = next((one for one in _COLUMN_MS if one >= least_ms), int(-(-least_ms // 10_000)) * 10_000)
    return TimeColumns(int(first_s * 1000 // column_ms) * column_ms, column_ms, columns)


def _head(axis: TimeColumns, gutter: int, story: Story) -> list[Text]:
    """Return the seconds, ticks below them, and what happened when."""
    numbers, ticks = [" "] * (axis.columns + gutter), [" "] * axis.columns
    for column in range(0, axis.columns, _TICK_COLUMNS):
        label = f"{(axis.start_ms + column * axis.column_ms) / 1000:g}"
        if column + len(label) <= axis.columns:
            numbers[gutter + column : gutter + column + len(label)] = label
        ticks[column] = TICK
    numbers[: len("seconds")] = "seconds"
    marks = [" "] * axis.columns
    for time_s, sign in sorted(_marks(story)):
        column = axis.column(time_s)
        free = next((at for at in range(max(column, 0), axis.columns) if marks[at] == " "), None)
        if column >= 0 and free is not None:
            marks[free] = sign
    row = Text(" " * gutter)
    for tick, mark in zip(ticks, marks, strict=True):
        row.append(mark if mark != " " else tick, style="bold" if mark != " " else "dim")
    row.rstrip()
    return [Text("".join(numbers).rstrip(), style="dim"), row]


def _marks(story: Story) -> list[tuple[float, str]]:
    """Return the moments of the handover with their signs: from the trigger on; losses of links also before it."""
    marks = [(one["trigger_s"], "M" if one["kind"] == SEEN else "T") for one in story.result["handovers"]]
    marks += [(event.t_s, "L") for event in story.events if event.name == LOST and event.t_s is not None]
    if story.trigger_s:
        for one in story.result["transactions"]:
            sign = {"INVITE": "I", "BYE": "B"}.get(one["method"])
            if sign is not None and one["request_s"] >= story.trigger_s[0]:
                marks.append((one["request_s"], sign))
                marks += [] if one["final_s"] is None else [(one["final_s"], sign.lower())]
    return marks


def _direction(label: str, heard: DirectionStory, axis: TimeColumns, gutter: int, gap_ms: float | None) -> list[Text]:
    """Return a line for each path, one for the gap, and one for what was not heard where there is any."""
    rows = []
    for number, path in enumerate(heard.paths):
        row = Text(f"{label if number == 0 else '':<6}{path.link[:LONGEST_LINK]}".ljust(gutter))
        row.append(_arrivals(path, axis), style=_STYLES[number % len(_STYLES)])
        rows.append(row)
    rows.append(Text(f"{'':<6}gap".ljust(gutter)).append(_gap(heard.gap_s, gap_ms, axis), style="bold"))
    holes = [" "] * axis.columns
    for hole in heard.playout.holes if heard.playout else ():
        for column in range(max(axis.column(hole.at_s), 0), axis.column(hole.at_s + hole.duration_s) + 1):
            if column < axis.columns:
                holes[column] = HOLE
    if HOLE in holes:
        rows.append(Text(f"{'':<6}missed".ljust(gutter)).append("".join(holes).rstrip(), style="bold red"))
    return rows


def _arrivals(path: PathArrivals, axis: TimeColumns) -> str:
    """Return a sign a column: what came in over a path, new packets and duplicates."""
    edges = axis.edges_s
    new = np.histogram(path.time_s[path.is_new], edges)[0] > 0
    copies = np.histogram(path.time_s[~path.is_new], edges)[0] > 0
    return "".join(np.select([new & copies, new, copies], [BOTH, NEW, COPIES], NOTHING).tolist())


def _gap(gap_s: tuple[float, float | None] | None, gap_ms: float | None, axis: TimeColumns) -> str:
    """Return the silence as a bracket, and how long it was beside it; one without an end reaches to the edge."""
    if gap_s is None:
        return "not measured"
    first = min(max(axis.column(gap_s[0]), 0), axis.columns - 1)
    last = axis.columns - 1 if gap_s[1] is None else min(axis.column(gap_s[1]), axis.columns - 1)
    middle = GAP_LINE * (last - first - 1)
    line = GAP if first == last else GAP_START + middle + (GAP_LINE if gap_s[1] is None else GAP_END)
    label = "no end" if gap_s[1] is None or gap_ms is None else f"{gap_ms:.1f} ms"
    if last + 1 + len(label) < axis.columns:
        return f"{'':<{first}}{line} {label}"
    if first > len(label):
        return f"{label + ' ':>{first}}{line}"
    return f"{'':<{first}}{line[0]}{label:{GAP_LINE}^{max(len(line) - 2, 0)}}{line[-1]}"
