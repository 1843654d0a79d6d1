"""What the access links went through in a run: as they were set (the plan), and what became of them (the timeline).

These are the settings that the lab made and read back from the kernel, not measurements: what packets met is in the
captures.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.folder.run_folder import PLAN
from testbed.measure.folder.run_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from testbed.measure.folder.run_folder import Event

    Floats = NDArray[np.float64]

DIRECTIONS = {"dn": "down", "up": "up"}
"""What the names of an air's ports end with -> the link's direction."""

OFF, UP, GONE, DOWN = "off", "up", "gone", "no carrier"


@dataclass(frozen=True, slots=True)
class Shaping:
    """How one direction of a link was set, from each `time_s` on; NaN where that is not limited or not known."""

    time_s: Floats
    delay_ms: Floats
    jitter_ms: Floats
    loss_percent: Floats
    rate_kbit_s: Floats


@dataclass(frozen=True, slots=True)
class State:
    """A stretch of a link's life.

    `name`: 'off' (not attached yet), 'up', 'gone' (it loses everything, and its radio has not noticed), 'no carrier'.
    """

    start_s: float
    end_s: float
    name: str


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """One access link of the MN. `shaping` is empty in a run folder without a plan, or where a link is not shaped.

    `is_traced`: packets leave when a trace lets them, whatever rate is set.
    """

    link: str
    states: tuple[State, ...]
    shaping: dict[str, Shaping]
    signal_s: Floats
    signal_dbm: Floats
    is_traced: bool


def read_links(folder: Path, links: Sequence[str], events: Iterable[Event], end_s: float) -> tuple[LinkHistory, ...]:
    """Read the history of these links up to `end_s` (scenario time); `RunFolderError` when the plan is damaged."""
    plan = _read_plan(folder)
    events = list(events)
    try:
        return tuple(
            LinkHistory(
                link=link,
                states=tuple(_states([one for one in events if one.link == link], end_s)),
                shaping=_gated_shaping(plan, link, end_s) or _shaping(plan, link, end_s),
                signal_s=np.array([step["at_s"] for step in _signals(plan, link, end_s)]),
                signal_dbm=np.array([step["signal_dbm"] for step in _signals(plan, link, end_s)], dtype=np.float64),
                is_traced=any(way["opportunities"] for way in _gated(plan, link).values()),
            )
            for link in links
        )
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise RunFolderError(folder / PLAN, f"describes no links: {error!r}") from None


def has_bit_errors(folder: Path) -> bool:
    """Whether a link of this run damages packets; `RunFolderError` when the plan is damaged."""
    try:
        ways = [way for gate in _read_plan(folder).get("gates", ()) for way in gate["config"].get("ways", {}).values()]
        return any(share > 0 for way in ways for _, share in way.get("corrupts", ()))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise RunFolderError(folder / PLAN, f"describes no links: {error!r}") from None


def _read_plan(folder: Path) -> dict[str, Any]:
    path = folder / PLAN
    if not path.exists():
        return {}
    plan = read_json(path)
    if not isinstance(plan, dict):
        raise RunFolderError(path, "is no plan")
    return plan


def _air(link: str) -> str:
    """Return the name of the bridge that carries a link."""
    return f"{link}-air"


def _states(events: Iterable[Event], end_s: float) -> Iterator[State]:
    """Yield what the link was, one stretch after the other, from 0 s to `end_s`."""
    since_s, name = 0.0, OFF
    for event in events:
        becomes = _becomes(event, name)
        at_s = event.t_s or 0.0
        if becomes == name or at_s > end_s:
            continue
        # All that happens as the run begins is how the link begins.
        if at_s - since_s > 0.01:
            yield State(since_s, at_s, name)
            since_s = at_s
        name = becomes
    yield State(since_s, max(end_s, since_s), name)


def _becomes(event: Event, name: str) -> str:
    """Return what a link that is `name` is after an event."""
    if event.name == "attached":
        return UP
    if event.name == "carrier":
        return UP if event.fields.get("up") else DOWN
    if event.name == "link_gone":
        return GONE if name == UP else name
    if event.name == "link_back":
        return UP if name == GONE else name
    return name


def _signals(plan: dict[str, Any], link: str, end_s: float) -> list[dict[str, Any]]:
    return [
        step
        for step in plan.get("timeline", ())
        if step["do"] == "signal" and step["link"] == link and step["at_s"] <= end_s
    ]


def _gated(plan: dict[str, Any], link: str) -> dict[str, dict[str, Any]]:
    """Return what each direction does of a link that a program carries; nothing where a bridge does."""
    ways = [gate["config"].get("ways", {}) for gate in plan.get("gates", ()) if gate["air"] == _air(link)]
    return ways[0] if ways else {}


def _gated_shaping(plan: dict[str, Any], link: str, end_s: float) -> dict[str, Shaping]:
    """Return the settings of a link that a program carries. What an older plan does not tell it has left to netem."""
    netem = _shaping(plan, link, end_s)
    found = {}
    for way, order in _gated(plan, link).items():
        jitters = order.get("jitters", np.stack([netem[way].time_s, netem[way].jitter_ms / 1e3], axis=1))
        told = (order["delays"], jitters, order["losses"], order["rates"])
        delays, jitters, losses, rates = columns = [np.array(one, dtype=np.float64) for one in told]
        time_s = np.unique(np.maximum(0.0, np.concatenate([one[:, 0] for one in columns])))
        time_s = time_s[time_s <= end_s]
        delay, jitter, loss, rate = (_at(one, time_s) for one in (delays, jitters, losses, rates))
        found[way] = Shaping(time_s, delay * 1e3, jitter * 1e3, loss * 100, rate / 1e3)
    return found


def _at(pieces: Floats, time_s: Floats) -> Floats:
    """Return a number at these times: from each time in the first column on it is what stands in the second."""
    row = np.searchsorted(pieces[:, 0], time_s, side="right") - 1
    return np.asarray(pieces[np.maximum(0, row), 1])


def _shaping(plan: dict[str, Any], link: str, end_s: float) -> dict[str, Shaping]:
    """Return the settings of each direction; what the first shapes say, and then each step that changed them."""
    changes: dict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
    qdiscs: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    steps = [(0.0, plan.get("shapes", ()))]
    steps += [
        (step["at_s"], step["shapes"])
        for step in plan.get("timeline", ())
        if step["do"] == "shape" and step["link"] == link and step["at_s"] <= end_s
    ]
    for at_s, shapes in steps:
        touched = set()
        for shape in shapes:
            way = DIRECTIONS.get(shape["device"].rpartition("-")[2])
            if shape["air"] == _air(link) and way is not None:
                qdiscs[way][shape["handle"]] = shape["expected"]
                touched.add(way)
        for way in sorted(touched):
            changes[way].append((at_s, {name: one[name] for one in qdiscs[way].values() for name in one}))
    return {way: _columns(changes[way]) for way in DIRECTIONS.values() if way in changes}


def _columns(changes: Sequence[tuple[float, dict[str, Any]]]) -> Shaping:
    """Return settings as the kernel names them (seconds, shares of one, bytes per second) as columns."""
    options = [one for _, one in changes]
    delays = [one.get("delay", {}) for one in options]
    return Shaping(
        time_s=np.array([at_s for at_s, _ in changes]),
        delay_ms=np.array([one.get("delay", 0.0) * 1e3 for one in delays]),
        jitter_ms=np.array([one.get("jitter", 0.0) * 1e3 for one in delays]),
        loss_percent=np.array([_mean_loss(one) * 100 for one in options]),
        rate_kbit_s=np.array([one["rate"]["rate"] * 8 / 1e3 if "rate" in one else np.nan for one in options]),
    )


def _mean_loss(options: dict[str, Any]) -> float:
    """Return the share of packets that are lost in the long run; of Gilbert-Elliott's model p / (p + r)."""
    if "loss-gemodel" in options:
        enter, leave = options["loss-gemodel"]["p"], options["loss-gemodel"]["r"]
        return float(enter / (enter + leave)) if enter + leave else 0.0
    return float(options.get("loss-random", {}).get("loss", 0.0))
