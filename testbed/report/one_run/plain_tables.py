"""The tables behind the plots: the same, to be read, heard by a screen reader, or copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.report.pages.pages import PlainTable
from testbed.report.terminal import DIRECTIONS, PHASES, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testbed.measure.folder.link_history import Floats, LinkHistory, Shaping
    from testbed.measure.result.story import DirectionStory, PathArrivals, Story

Phase = tuple[str, float, float]


def states_table(links: Sequence[LinkHistory]) -> PlainTable:
    """Return what each link was, and from when until when."""
    rows = tuple(
        (link.link, state.name, seconds(state.start_s), seconds(state.end_s)) for link in links for state in link.states
    )
    return PlainTable("What the links were", ("link", "state", "from [s]", "to [s]"), rows)


def packets_table(heard: DirectionStory) -> PlainTable:
    """Return what arrived and what was lost in each second of the call, by path."""
    links = [path.link for path in heard.paths]
    columns = (
        "second",
        *(f"{link}: {what}" for link in links for what in ("new", "duplicates", "lost on it")),
        "arrived nowhere",
    )
    edges = _seconds_of(heard)
    counts = [
        column
        for path in heard.paths
        for column in (
            _counted(path.time_s[path.is_new], edges),
            _counted(path.time_s[~path.is_new], edges),
            _counted(path.lost_s, edges),
        )
    ]
    counts.append(_counted(heard.missing_s, edges))
    rows = tuple(
        (f"{edges[row]:.0f}", *(number(column[row]) for column in counts)) for row in range(max(len(edges) - 1, 0))
    )
    return PlainTable(f"Packets {DIRECTIONS[heard.name]}, second by second", columns, rows)


def delay_table(heard: DirectionStory) -> PlainTable:
    """Return mean, least and most one-way delay in each second of the call, by path."""
    columns = (
        "second",
        *(f"{path.link}: {what} [ms]" for path in heard.paths for what in ("least", "mean", "most")),
    )
    edges = _seconds_of(heard)
    rows = tuple(
        (
            f"{edges[row]:.0f}",
            *(text for path in heard.paths for text in _delays(path, edges[row], edges[row + 1])),
        )
        for row in range(max(len(edges) - 1, 0))
    )
    return PlainTable(f"One-way delay {DIRECTIONS[heard.name]}, second by second", columns, rows)


def _seconds_of(heard: DirectionStory) -> Floats:
    """Return the edges of the seconds in which something was heard or missed; empty where nothing was."""
    times = np.concatenate([heard.missing_s, *(path.time_s for path in heard.paths)])
    if not len(times):
        return np.empty(0)
    return np.arange(np.floor(times.min()), np.floor(times.max()) + 2)


def _counted(times_s: Floats, edges: Floats) -> list[int | None]:
    return [int(one) for one in np.histogram(times_s, edges)[0]] if len(edges) > 1 else []


def _delays(path: PathArrivals, start: float, end: float) -> tuple[str, ...]:
    here = path.delay_ms[(path.time_s >= start) & (path.time_s < end) & ~np.isnan(path.delay_ms)]
    if not len(here):
        return (number(None),) * 3
    return tuple(number(float(one)) for one in (here.min(), here.mean(), here.max()))


def playout_tables(heard: DirectionStory) -> tuple[PlainTable, ...]:
    """Return the holes that the listener heard, and how deep the buffer was from when on."""
    if heard.playout is None:
        return ()
    holes = tuple(
        (seconds(one.at_s), number(one.duration_s * 1000), ", ".join(one.causes)) for one in heard.playout.holes
    )
    depths = tuple(
        (seconds(float(at)), number(float(depth)))
        for at, depth in zip(heard.playout.time_s, heard.playout.depth_ms, strict=True)
    )
    where = DIRECTIONS[heard.name]
    return (
        PlainTable(f"Holes {where}: nothing to hear", ("at [s]", "for [ms]", "as packets were"), holes),
        PlainTable(f"Playout depth {where}", ("from [s]", "depth [ms]"), depths),
    )


def settings_table(caption: str, links: Sequence[LinkHistory], columns: Mapping[str, str]) -> PlainTable:
    """Return what the links were set to; `columns` are fields of Shaping and how they are called."""
    rows = tuple(
        (link.link, way, seconds(float(at)), *(_setting(shaping, name, row) for name in columns))
        for link in links
        for way, shaping in link.shaping.items()
        for row, at in enumerate(shaping.time_s)
    )
    return PlainTable(caption, ("link", "direction", "from [s]", *columns.values()), rows)


def _setting(shaping: Shaping, name: str, row: int) -> str:
    value = float(getattr(shaping, name)[row])
    return "no limit" if np.isnan(value) else f"{value:g}"


def signal_table(links: Sequence[LinkHistory]) -> PlainTable:
    """Return the signal that each radio reported, from when on."""
    rows = tuple(
        (link.link, seconds(float(at)), number(float(signal)))
        for link in links
        for at, signal in zip(link.signal_s, link.signal_dbm, strict=True)
    )
    return PlainTable("Signal", ("link", "from [s]", "signal [dBm]"), rows)


def phases(story: Story) -> tuple[Phase, ...]:
    """Return the measured phases of the handover as (name, start, end); they follow each other from the trigger."""
    handover = story.result["handover"]
    if handover is None:
        return ()
    took = handover["phases_ms"]
    found: list[Phase] = []
    at_s = float(handover["trigger_s"])
    if took["detect"] is not None:
        found.append(("detect", at_s - took["detect"] / 1000, at_s))
    for name in PHASES[1:]:
        if took[name] is None:
            break
        found.append((name, at_s, at_s + took[name] / 1000))
        at_s = found[-1][2]
    return tuple(found)


def phases_table(handover: dict[str, Any]) -> PlainTable:
    """Return how long each phase took."""
    rows = tuple((name, number(handover["phases_ms"][name])) for name in PHASES)
    rows += tuple((f"attach: {name}", number(took)) for name, took in handover.get("attach_ms", {}).items())
    return PlainTable(
        "Phases of the handover", ("phase", "ms"), (*rows, ("trigger to media", number(handover["delay_ms"])))
    )


def seconds(value: float) -> str:
    """Return a time on the page's axis."""
    return f"{value:.3f}"
