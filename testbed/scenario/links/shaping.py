"""Link profiles to tc: the command for each direction, from the template, and what the kernel must say afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from testbed.lab.links.jitter import least
from testbed.lab.network import AccessLink, Direction, FarWire, Interface
from testbed.lab.plan import GateOrder, Pattern, Shape, WayOrder
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.reading import units
from testbed.scenario.reading.places import TEMPLATES

ETHERNET_HEADER_BYTES = 14
# netem keeps probabilities in 32 bits; what is less than some of their steps is none. No run is long enough to tell.
LEAST_LOSS = 1e-8
# No packet waits for it, and netem keeps packets in order where there is one: bit/s.
FREE_RATE = 1e11
SPEECH_S = float(units.SPEECH_S)
ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - commands, no HTML
)
TEMPLATE = ENVIRONMENT.get_template("netem.tc.j2")
PATTERN = ENVIRONMENT.get_template("pattern.nft.j2")


@dataclass(frozen=True)
class DirectionState:
    """What one direction of a link is like at one moment; units as in LinkDirection."""

    rate: float
    delay: float
    jitter: float
    loss: float
    loss_burst: float
    queue: int
    reordering: bool = False
    jitter_correlation: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0

    @classmethod
    def of(cls, direction: LinkDirection) -> "DirectionState":
        """As a profile says."""
        return cls(
            rate=direction.rate,
            delay=direction.delay,
            jitter=direction.jitter,
            loss=direction.loss,
            loss_burst=direction.loss_burst,
            queue=direction.queue_packets,
            reordering=direction.reordering,
            jitter_correlation=direction.jitter_correlation,
            duplicate=direction.duplicate,
            corrupt=direction.corrupt,
        )

    def changed(self, values: dict[str, float]) -> "DirectionState":
        """The state with other values of some of what a failure script can change."""
        return replace(self, **values)  # type: ignore[arg-type]  # the queue is an int, and not among them


# It has no rate, and room for what is on its way: 100 ms of small packets at 100 Mbit/s.
WIRE = DirectionState(rate=FREE_RATE, delay=0.0, jitter=0.0, loss=0.0, loss_burst=SPEECH_S, queue=10_000)
ROOT, INNER = ("root", "1:"), ("parent 1:1", "2:")
"""Where a qdisc sits, and its handle."""


def shapes(port: Interface, state: DirectionState, *, verb: str, order: WayOrder | None = None) -> list[Shape]:
    """How to give a port of the air this state. `verb` is `replace` at first, then `change`: that keeps the queue.

    With an `order` a program sees to losses and, where it is paced, to rate and jitter (testbed.scenario.links.gating).

    netem with a rate keeps packets in order. Where they may overtake each other, one netem delays and loses them, and
    one inside it sends them on at the rate, in the order in which they come out.
    """
    values = netem_values(state)
    if order is not None:
        rate = FREE_RATE if order["is_paced"] else state.rate
        delay = least(state.delay, state.jitter, order["table"]) - order["ahead_s"]
        rest = replace(state, rate=rate, loss=float(state.loss >= 1), delay=delay, jitter=0.0, queue=order["queue"])
        values = netem_values(rest)
    if not state.reordering:
        return [shape(port, values, ROOT, verb)]
    pace = {**values, "delay_us": 0, "jitter_us": 0, "loss": "0", "loss_enter": None, "loss_leave": None}
    spread = {**values, "rate_bit": None}
    if order is not None and order["is_paced"]:
        return [shape(port, spread, ROOT, verb)]
    return [shape(port, spread, ROOT, verb), shape(port, pace, INNER, verb)]


def order_of(gates: Mapping[str, GateOrder], link: AccessLink, way: Direction) -> WayOrder | None:
    """What the program is told that carries a direction; None where there is none."""
    return gates[link.name]["config"]["ways"][way] if link.name in gates else None


def all_shapes(links: Iterable[tuple[AccessLink, LinkProfile]], gates: Mapping[str, GateOrder]) -> list[Shape]:
    """How links are made what their profiles say, both directions of each."""
    found = []
    for link, profile in links:
        for way, direction in profile.directions.items():
            state, order = DirectionState.of(direction), order_of(gates, link, way)
            found += shapes(link.port(way), state, verb="replace", order=order)
    return found


def wire_shapes(wires: Iterable[FarWire], delays: Mapping[str, float]) -> list[Shape]:
    """How far wires take their time, both directions of each: `delays` are in s, by node."""
    found = []
    for far in wires:
        values = {**netem_values(WIRE), "delay_us": round(delays[far.node] * 1e6), "rate_bit": None}
        found += [shape(port, values, ROOT, "replace") for port in far.ports]
    return found


def all_patterns(links: Iterable[tuple[AccessLink, LinkProfile]], gates: Mapping[str, GateOrder]) -> list[Pattern]:
    """What bridges lose by pattern; a program that carries a link does so itself."""
    bridged = [(link, profile) for link, profile in links if link.name not in gates]
    return [one for link, profile in bridged if (one := pattern(link, profile)) is not None]


def shape(port: Interface, values: dict[str, Any], place: tuple[str, str], verb: str) -> Shape:
    """One qdisc: the command, and what the kernel must say of it."""
    command = TEMPLATE.render(verb=verb, device=port.name, place=" handle ".join(place), **values)
    return {
        "air": port.node,
        "device": port.name,
        "handle": place[1],
        "command": command,
        "expected": netem_options(values),
    }


def pattern(link: AccessLink, profile: LinkProfile) -> Pattern | None:
    """The packets that a link loses by pattern; None where it has none, or one without a loss."""
    ports = [
        (link.port(way).name, len(marks), [number for number, mark in enumerate(marks) if mark == "x"])
        for way, direction in profile.directions.items()
        if "x" in (marks := direction.loss_pattern or "")
    ]
    return {"air": link.air, "rules": PATTERN.render(ports=ports)} if ports else None


def netem_values(state: DirectionState) -> dict[str, Any]:
    """What the template needs, in netem's units: microseconds, percent, bit/s.

    Losses are by packets where no program makes them by time: Gilbert-Elliott for a mean loss L in bursts of B packets
    of speech: leaving the bad state r = 1/B, entering it p = L·r/(1−L); everything is lost in it. Bursts of one packet
    are independent losses, and so is a loss of all. So many losses as there can't be in short bursts make them longer.
    """
    loss = state.loss if state.loss >= LEAST_LOSS else 0.0
    burst = max(state.loss_burst / SPEECH_S, loss / (1 - loss) if loss < 1 else 1.0)
    bursts = 0 < loss < 1 and burst > 1
    leave = 1 / max(1.0, burst)
    return {
        "limit": state.queue,
        "delay_us": round(state.delay * 1e6),
        "jitter_us": round(state.jitter * 1e6),
        "loss": number(loss * 100),
        "loss_enter": number(100 * loss * leave / (1 - loss)) if bursts else None,
        "loss_leave": number(100 * leave) if bursts else None,
        "rate_bit": round(state.rate),
    }


def number(value: float) -> str:
    """A decimal fraction with as many digits as netem can tell apart, and no exponent."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def netem_options(values: dict[str, Any]) -> dict[str, Any]:
    """What `tc -json qdisc show` must answer, in its units: seconds, shares of one, bytes per second."""
    options: dict[str, Any] = {"limit": values["limit"], "ecn": False, "gap": 0}
    if values["rate_bit"] is not None:
        options["rate"] = {
            "rate": values["rate_bit"] // 8,
            "packetoverhead": -ETHERNET_HEADER_BYTES,
            "cellsize": 0,
            "celloverhead": 0,
        }
    if values["delay_us"]:
        options["delay"] = {"delay": values["delay_us"] / 1e6, "jitter": values["jitter_us"] / 1e6, "correlation": 0}
    if values["loss_enter"] is not None:
        options["loss-gemodel"] = {
            "p": float(values["loss_enter"]) / 100,
            "r": float(values["loss_leave"]) / 100,
            "1-h": 1,
            "1-k": 0,
        }
    elif float(values["loss"]):
        options["loss-random"] = {"loss": float(values["loss"]) / 100, "correlation": 0}
    return options
