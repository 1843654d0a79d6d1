"""The numbers of one direction of the call, as result.json has them: `media.to_mn` and `media.to_cn`.

docs/metrics.md says what each of them is. What was not measured is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure import units
from testbed.measure.call import window
from testbed.measure.call.direction import NO_DELAY
from testbed.measure.listening import bursts, emodel, playout
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover, Window
    from testbed.measure.capture.capture import Ints
    from testbed.measure.listening.listened import Listened
    from testbed.measure.listening.playout import Heard

NEAR_NS = 2_000_000_000
"""Paths are compared within the window or so near to it: 100 packets, before a fading link got bad."""

MOST_UNKNOWN = 0.01
"""The share of packets whose sending may be unknown, such as those that crossed the beginning of the captures."""

PATH_DELAYS = ("mean", "p99", "min", "max", "sd")
"""What is told of the delays of one path."""


def direction_numbers(one: Listened, handover: Handover | None) -> dict[str, Any]:
    """Return the numbers of a direction; those of the window are about `handover`."""
    direction, heard, measured = one.direction, one.heard, one.is_measured
    counts = stream_numbers.count(direction.received.key)
    in_window = window_numbers(one, handover)
    new_delays = known_delays(direction) if measured else np.empty(0, dtype=np.int64)
    return {
        "gap_ms": in_window["gap_ms"],
        "path_step_ms": in_window["path_step_ms"],
        "interruption_ms": in_window["interruption_ms"],
        "sent": direction.keys if measured else None,
        "received": counts.unique if measured else None,
        "lost": direction.keys - counts.unique if measured else None,
        "lost_in_window": in_window["lost_in_window"],
        "duplicates": counts.duplicates if measured else None,
        "reordered": counts.reordered if measured else None,
        "late": len(heard.late) if heard else None,
        "jitter_ms": units.ms(units.mean(direction.jitter_ns(direction.new))) if measured else None,
        "delay_ms": _delays(new_delays, "mean", "p99"),
        **_quality(direction, heard),
        "gap_call_ms": units.ms(window.longest_gap(direction, one.interval_ns, None)) if measured else None,
        "interruption_call_ms": _milliseconds(heard.concealed_s()) if heard else None,
        "late_in_window": in_window["late_in_window"],
        "delay_change_ms": in_window["delay_change_ms"],
        "burst_loss": _burst_loss(one) if measured else None,
        "fixed_playout": {f"{depth}_ms": _fixed(one, depth, handover) for depth in one.fixed},
        "depth_needed_ms": units.ms(one.schedule.depth_needed_ns) if one.schedule else None,
        "paths": {
            link: _path(direction, number) if direction.observed else _unknown_path()
            for number, link in enumerate(direction.links)
        },
    }


def known_delays(direction: Direction) -> Ints:
    """Return the one-way delays of the new packets; none where more than a few are not known.

    What is left where a sender's interface was not captured would be the delays of the other path alone.
    """
    delay_ns = direction.delay_ns[stream_numbers.first_arrivals(direction.received.key)]
    unknown = int((delay_ns == NO_DELAY).sum())
    return delay_ns if unknown <= MOST_UNKNOWN * len(delay_ns) else delay_ns[:0]


def window_numbers(one: Listened, handover: Handover | None) -> dict[str, Any]:
    """Return the numbers of a handover's window; all None without one."""
    found: dict[str, Any] = dict.fromkeys(
        ("gap_ms", "path_step_ms", "interruption_ms", "lost_in_window", "late_in_window", "delay_change_ms")
    )
    if handover is None or not one.is_measured:
        return found
    direction, span = one.direction, handover.windows[one.name]
    step = window.path_step(direction, handover.old, handover.new, span, NEAR_NS)
    found |= {
        "gap_ms": units.ms(window.longest_gap(direction, one.interval_ns, span)),
        "path_step_ms": units.ms(step),
        "lost_in_window": window.lost_in(direction, span),
        "delay_change_ms": _delay_change(direction, handover, span),
    }
    return found | _missed(one, one.heard, span)


def doubts(one: Listened, handover: Handover | None) -> list[str]:
    """Return the reasons to look twice at a direction's numbers."""
    name, direction = one.name, one.direction
    if not direction.keys:
        return [f"{name}: no RTP stream was captured"]
    if not direction.observed:
        return [f"{name}: a capture of the receiver is missing: nothing was measured"]
    found = []
    if not len(direction.sent):
        found.append(f"{name}: the sender's packets were not captured: delays are unknown, losses perhaps more")
    found += silence_doubts(one, handover)
    unsent = int((direction.delay_ns == NO_DELAY).sum())
    if len(direction.sent) and unsent:
        found.append(f"{name}: {unsent} packets were received whose sending was not captured; they have no delay")
    return found


def silence_doubts(one: Listened, handover: Handover | None) -> list[str]:
    """Return that the gap has no end, where it has none."""
    span = handover.windows[one.name] if handover else None
    silent_ns = window.open_silence(one.direction, one.interval_ns, span)
    if not silent_ns or window.longest_gap(one.direction, one.interval_ns, span) is not None:
        return []
    return [f"{one.name}: silent to the end of the call, for {silent_ns / 1e9:.2f} s at least: the gap has no end"]


def _missed(one: Listened, heard: Heard | None, span: Window) -> dict[str, Any]:
    """Return what the listener missed in a window, and what came too late in it."""
    if heard is None:
        return {"interruption_ms": None, "late_in_window": None}
    elsewhere = window.lost_outside(one.direction, span)
    missed_s = playout.interruption_s(heard, span, window.silence_start(one.direction, span), elsewhere)
    return {"interruption_ms": _milliseconds(missed_s), "late_in_window": playout.late_in(heard, one.direction, span)}


def _delay_change(direction: Direction, handover: Handover, span: Window) -> dict[str, float | None]:
    """Return mean one-way delays: of what the listener got before, in and after the window, and of both paths."""
    new, delay_ns = direction.new, direction.delay_ns[stream_numbers.first_arrivals(direction.received.key)]
    times = new.time_ns
    until_ns = span.close_ns + NEAR_NS if handover.until_ns is None else min(span.close_ns + NEAR_NS, handover.until_ns)
    parts = {
        "before": (times >= span.open_ns - NEAR_NS) & (times < span.open_ns),
        "in_window": (times >= span.open_ns) & (times <= span.close_ns),
        "after": (times > span.close_ns) & (times <= until_ns),
    }
    return {
        **{name: _delays(delay_ns[which], "mean")["mean"] for name, which in parts.items()},
        "old_path": units.ms(window.path_delay(direction, handover.old, span, NEAR_NS)),
        "new_path": units.ms(window.path_delay(direction, handover.new, span, NEAR_NS)),
    }


def _burst_loss(one: Listened) -> dict[str, Any]:
    """Return bursts and gaps of the call, of packets lost or late for the agents' buffer, and the runs of lost ones."""
    lost = bursts.missing_packets(one.direction)
    runs, longest = bursts.longest_run(lost)
    found: dict[str, Any] = dict.fromkeys(
        ("bursts", "burst_density", "burst_duration_ms", "gaps", "gap_density", "gap_duration_ms")
    )
    if one.heard is not None:
        missing = bursts.missing_packets(one.direction, {late.sequence for late in one.heard.late})
        for name, periods in zip(("burst", "gap"), bursts.bursts_and_gaps(missing), strict=True):
            found[f"{name}s"] = len(periods.lengths)
            found[f"{name}_density"] = None if periods.density is None else round(periods.density, 6)
            found[f"{name}_duration_ms"] = units.ms(None if periods.mean is None else periods.mean * one.interval_ns)
    return {"gmin": bursts.GMIN, **found, "lost_runs": runs, "longest_lost_run": longest}


def _fixed(one: Listened, depth_ms: int, handover: Handover | None) -> dict[str, Any]:
    """Return what a jitter buffer of a fixed depth would have made of the same arrivals."""
    heard = one.fixed[depth_ms]
    found: dict[str, Any] = {"interruption_ms": None, "late_in_window": None}
    if handover is not None and one.is_measured:
        found = _missed(one, heard, handover.windows[one.name])
    mouth_to_ear_s = playout.mouth_to_ear_s(heard, one.direction) if heard else None
    return {
        **found,
        "interruption_call_ms": _milliseconds(heard.concealed_s()) if heard else None,
        "late": len(heard.late) if heard else None,
        "mouth_to_ear_ms": None if mouth_to_ear_s is None else _milliseconds(mouth_to_ear_s),
    }


def _quality(direction: Direction, heard: Heard | None) -> dict[str, float | str | None]:
    """Return R and MOS of the whole call as heard; null where the delay or the playout was not measured."""
    mouth_to_ear_s = playout.mouth_to_ear_s(heard, direction) if heard and len(known_delays(direction)) else None
    loss = emodel.loss_and_burst_ratio(heard.intervals) if heard else None
    if mouth_to_ear_s is None or loss is None:
        return dict.fromkeys(
            ("r_factor", "mos", "mouth_to_ear_ms", "concealed_percent", "burst_ratio", "quality_doubt")
        )
    rating = emodel.rate_voip(loss_percent=loss[0], burst_r=loss[1], mouth_to_ear_ms=1000 * mouth_to_ear_s)
    return {
        "r_factor": round(rating.r, 1) if direction.is_g711 else None,
        "mos": round(emodel.mos(rating.r), 2) if direction.is_g711 else None,
        "mouth_to_ear_ms": _milliseconds(mouth_to_ear_s),
        "concealed_percent": round(loss[0], 3),
        "burst_ratio": round(loss[1], 3),
        "quality_doubt": emodel.doubt(*loss) if direction.is_g711 else emodel.NOT_G711,
    }


def _unknown_path() -> dict[str, Any]:
    """Return a path of which nobody knows what came off it."""
    found: dict[str, Any] = dict.fromkeys(("packets", "new", "sent", "lost", "jitter_ms"))
    return found | {"delay_ms": dict.fromkeys(PATH_DELAYS)}


def _path(direction: Direction, number: int) -> dict[str, Any]:
    """Return what one path carried: arrivals (copies too), how many of them were new, and their one-way delay."""
    here = direction.received.path == number
    arrivals = direction.received.pick(here)
    onto, off = direction.carried(number)
    return {
        "packets": len(arrivals),
        "new": int((direction.new.path == number).sum()),
        "sent": len(onto),
        "lost": len(np.setdiff1d(onto, off)),
        "delay_ms": _delays(direction.delay_ns[here], *PATH_DELAYS),
        "jitter_ms": units.ms(units.mean(direction.jitter_ns(arrivals))),
    }


def _delays(delay_ns: Ints, *names: str) -> dict[str, float | None]:
    """Return statistics of one-way delays; `p99` is the smallest that 99 % don't exceed, `sd` that of a sample."""
    known = np.sort(delay_ns[delay_ns != NO_DELAY])
    count = len(known)
    found: dict[str, float | None] = dict.fromkeys(names)
    if not count:
        return found
    values = [int(one) for one in known]
    total, squares = sum(values), sum(one * one for one in values)
    every = {
        "mean": total / count,
        "p99": values[-(-99 * count // 100) - 1],
        "min": values[0],
        "max": values[-1],
        "sd": ((count * squares - total * total) / (count * (count - 1))) ** 0.5 if count > 1 else None,
    }
    return {name: units.ms(every[name]) for name in names}


def _milliseconds(value_s: float) -> float:
    return round(value_s * 1000, 3) + 0.0
