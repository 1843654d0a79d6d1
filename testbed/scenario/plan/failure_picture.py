"""A picture of a failure script: what each link is like over time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from testbed.scenario.experiment.experiment import Experiment
    from testbed.scenario.links.timeline import LinkState

# Blue and vermilion of Okabe and Ito: told apart by everybody, and in grey.
COLOURS = {"down": "#0072b2", "up": "#d55e00", "": "#000000"}
STYLES = {"down": "-", "up": "--", "": "-"}


class Panel(NamedTuple):
    """What one of the pictures below each other shows: a quantity, its unit, and how many base units that is."""

    quantity: str
    label: str
    unit: float


PANELS = (
    Panel("signal", "signal\ndBm", 1.0),
    Panel("delay", "delay\nms", 1e-3),
    Panel("loss", "loss\n%", 0.01),
    Panel("rate", "rate\nMbit/s", 1e6),
)


def plot(experiment: Experiment, states: dict[str, list[LinkState]], end_s: float, file: Path) -> None:
    """Writes the picture, in the format that the file's name ends with (svg, png, pdf).

    Raises ValueError for another format, OSError where it can't be written.
    """
    links = {name: history for name, history in states.items() if len(history) > 1}
    figure = Figure(figsize=(9, 0.8 + 5.2 * max(1, len(links))), layout="constrained")
    figure.suptitle(f"{experiment.failure.name}: {experiment.failure.about}", fontsize=11)
    rows = figure.subplots(len(PANELS) * max(1, len(links)), 1, sharex=True, squeeze=False)[:, 0]
    for number, (name, history) in enumerate(links.items()):
        mine = rows[number * len(PANELS) : (number + 1) * len(PANELS)]
        for panel, axes in zip(PANELS, mine, strict=True):
            draw(axes, panel, history, end_s)
        mine[0].set_title(f"{name} ({experiment.profiles[name].name})", loc="left", fontsize=10)
        mine[1].legend(loc="upper left", fontsize=8, frameon=False, ncols=3)
    rows[-1].set_xlabel("seconds of the scenario")
    rows[-1].set_xlim(0, end_s)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def draw(axes: Axes, panel: Panel, history: list[LinkState], end_s: float) -> None:
    """One quantity of a link; grey where the link is gone."""
    times = [max(0.0, state.at) for state in history] + [end_s]
    ways = ("",) if panel.quantity == "signal" else tuple(history[0].directions)
    for way in ways:
        values = [value(state, way, panel) for state in history]
        axes.step(
            times, [*values, values[-1]], where="post", color=COLOURS[way], linestyle=STYLES[way], label=way or None
        )
    gone = [(before.at, after.at) for before, after in pairwise(history) if before.gone]
    gone += [(history[-1].at, end_s)] if history[-1].gone else []
    for number, (start, end) in enumerate(gone):
        axes.axvspan(start, end, color="0.85", label="gone" if number == 0 else None)
    if panel.quantity != "signal":
        axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 1.0))
    axes.set_ylabel(panel.label, fontsize=9)
    axes.grid(visible=True, color="0.92")


def value(state: LinkState, way: str, panel: Panel) -> float:
    """The quantity in its unit."""
    if way == "":
        return state.signal
    number: float = getattr(next(one for name, one in state.directions.items() if name == way), panel.quantity)
    return number / panel.unit
