"""Cumulative distributions: of one-way delay by path, and of the time between arrivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.report.pages import palette
from testbed.report.pages.pages import PlainTable, Plot
from testbed.report.pages.plotting import Figure
from testbed.report.terminal import DIRECTIONS, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testbed.measure.folder.link_history import Floats
    from testbed.measure.result.story import DirectionStory

DASHES = {"to_mn": "solid", "to_cn": "dashed"}
PERCENTILES = (1, 5, 25, 50, 75, 95, 99, 100)


def delay_distribution(directions: Mapping[str, DirectionStory]) -> Plot:
    """Return the distribution of one-way delay, a line for each path and direction; of all arrivals, copies too."""
    colours = palette.path_colours([path.link for path in directions["to_mn"].paths])
    lines = [
        (f"{path.link}, {DIRECTIONS[name]}", known, colours[path.link].light, DASHES[name])
        for name, heard in directions.items()
        for path in heard.paths
        if len(known := path.delay_ms[~np.isnan(path.delay_ms)])
    ]
    return _distribution(
        "delay-cdf",
        "How long packets took",
        "Share of a path's packets whose one-way delay is at most so many ms; solid to MN, dashed to CN.",
        lines,
    )


def interarrival_distribution(directions: Mapping[str, DirectionStory]) -> Plot:
    """Return the distribution of the time between one new packet and the next."""
    lines = [
        (DIRECTIONS[name], np.diff(heard.new_s) * 1000, palette.GREEN.light, DASHES[name])
        for name, heard in directions.items()
        if len(heard.new_s) > 1
    ]
    return _distribution(
        "interarrival-cdf",
        "Time between new packets",
        "Share of arrivals that came at most so many ms after the one before; solid to MN, dashed to CN.",
        lines,
    )


def _distribution(name: str, title: str, about: str, lines: list[tuple[str, Floats, str, str]]) -> Plot:
    rows = tuple(
        (
            label,
            str(len(values)),
            *(number(float(one)) for one in np.percentile(values, PERCENTILES, method="inverted_cdf")),
        )
        for label, values, _, _ in lines
    )
    columns = ("", "packets", *(f"{one} %" for one in PERCENTILES))
    table = PlainTable(f"{title}: ms that so many per cent do not exceed", columns, rows)
    return Plot(name, title, about, _plot(lines) if lines else None, (table,))


def _plot(lines: list[tuple[str, Floats, str, str]]) -> Figure:
    made = Figure(height=240, label="share", x_log=True)
    made.show_y(0, 1.02)
    made.label_x("ms")
    for _, values, colour, dash in lines:
        # Steps of 1 µs and more; equal values are one step, so that the plot has no more points than it can show.
        steps, counts = np.unique(np.maximum(values, 1e-3).round(3), return_counts=True)
        shares = np.cumsum(counts) / counts.sum()
        made.draw_steps(np.append(steps[0], steps), np.append(0.0, shares.round(6)), colour, dash)
    return made
