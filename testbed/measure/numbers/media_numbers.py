"""The numbers of one direction of the call, as result.json has them: `media.to_mn` and `media.to_cn`.

docs/metrics.md is made of these rows. Those of `WINDOW` are told of each handover, too; in `media` they are about the
first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.call import window
from testbed.measure.listening import bursts, fixed_playout, playout
from testbed.measure.numbers.media_facts import NEAR_NS, HandoverSpan, MediaFacts
from testbed.measure.numbers.number import Number, Value, by_key
from testbed.measure.units import mean, ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.measure.listening.playout import Heard
    from testbed.measure.numbers.media_facts import Rated
    from testbed.measure.numbers.number import Kind


def _call(compute: Callable[[MediaFacts], Value]) -> Callable[[MediaFacts], Value]:
    """Of a direction that was measured."""
    return lambda one: compute(one) if one.is_measured else None


def _heard(compute: Callable[[MediaFacts, Heard], Value]) -> Callable[[MediaFacts], Value]:
    """Of what the listener heard."""
    return lambda one: None if one.heard is None else compute(one, one.heard)


def _window(compute: Callable[[MediaFacts, HandoverSpan], Value]) -> Callable[[MediaFacts], Value]:
    """Of the handover window."""
    return lambda one: None if one.span is None else compute(one, one.span)


def _heard_in_window(compute: Callable[[MediaFacts, Heard, HandoverSpan], Value]) -> Callable[[MediaFacts], Value]:
    """Of what the listener heard in the handover window."""
    return lambda one: None if one.heard is None or one.span is None else compute(one, one.heard, one.span)


def _rated(compute: Callable[[MediaFacts, Rated], Value]) -> Callable[[MediaFacts], Value]:
    """Of what the E-model rates."""
    return lambda one: None if one.rated is None else compute(one, one.rated)


def _packets(
    key: str, column: str, about: str, compute: Callable[[MediaFacts], Value], more: str = ""
) -> Number[MediaFacts]:
    return Number(key, "integer", "packets", column, about, compute, more)


def _ms(
    key: str, about: str, compute: Callable[[MediaFacts], Value], more: str = "", column: str = ""
) -> Number[MediaFacts]:
    return Number(key, "number", "ms", column or key, about, compute, more)


def _to_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3) + 0.0


GAP = _ms(
    "gap_ms",
    "longest silence that belongs to the handover window, less the packet interval",
    _window(lambda one, span: ms(window.longest_gap(one.direction, one.interval_ns, span.window))),
    "Never below 0. `null` when the receiver heard nothing new until the end although the other side went on for a "
    "second or more: that gap has no end (a warning says how long at least)",
)
PATH_STEP = _ms(
    "path_step_ms",
    "mean one-way delay on the new path less that on the old one",
    _window(
        lambda one, span: ms(
            window.path_step(one.direction, span.handover.old, span.handover.new, span.window, NEAR_NS)
        )
    ),
    "Over the packets that arrived in the window or within 2 s of it. No scheme can make the first packet that only "
    "the slow path carries arrive earlier, so a perfect soft handover has gap = path step",
)
INTERRUPTION = _ms(
    "interruption_ms",
    "time with nothing to play that the handover caused",
    _heard_in_window(lambda one, heard, span: _to_ms(one.missed_s(heard, span))),
    "Of concealments that begin between the start of the silence in which the window opened and the "
    "window's end plus the playout depth at that time plus 1 s. A packet that was lost outside the window does not "
    "count, whenever its turn to be played came",
)
UNAVOIDABLE = _ms(
    "unavoidable_ms",
    "of `interruption_ms`, what no playout could have helped",
    _heard_in_window(lambda one, heard, span: _to_ms(one.unavoidable_s(heard, span))),
    "What was lost on every path that it was sent on, and what came too late even for one that plays all speech longer "
    "by a third from the first packet of the new path on",
)
SENT = _packets(
    "sent", "packets_sent", "sequence numbers used", _call(lambda one: one.direction.keys),
    "From the first to the last that either end's capture shows. So a packet that the sender's own stack threw away, "
    "its link being down, was sent (and lost), unless it was the first or the last of all",
)  # fmt: skip
RECEIVED = _packets("received", "packets_received", "new packets", _call(lambda one: one.counts.unique))
LOST = _packets(
    "lost", "packets_lost", "sent less received, in the whole call",
    _call(lambda one: one.direction.keys - one.counts.unique),
)  # fmt: skip
LOST_IN_WINDOW = _packets(
    "lost_in_window", "packets_lost_in_window", "lost packets that belong to the handover window",
    _window(lambda one, span: window.lost_in(one.direction, span.window)),
)  # fmt: skip
DUPLICATES = _packets(
    "duplicates", "packets_duplicate", "arrivals that were no new packets", _call(lambda one: one.counts.duplicates)
)
REORDERED = _packets(
    "reordered", "packets_reordered", "new packets that came after one with a higher number",
    _call(lambda one: one.reordered), "RFC 4737, 3.3; but not what was said again",
)  # fmt: skip
SAID_AGAIN = _packets(
    "said_again", "packets_said_again", "packets that were sent again, over another path",
    _call(lambda one: int(one.second_path.is_again.sum())),
    "40 ms or more after they went onto a path first, whatever came of them. At the MN's interfaces, or the relay's",
)  # fmt: skip
COPIES = _packets(
    "copies", "packets_copied", "packets that went over another path as well, at once",
    _call(lambda one: int(one.second_path.is_copy.sum())), "Within 40 ms, and no probes",
)  # fmt: skip
PROBES = _packets(
    "probes", "packets_probing", "copies that went over a leg that stands by, now and then",
    _call(lambda one: int(one.second_path.is_probe.sum())), "With no other packet on that path for half a second",
)  # fmt: skip
LATE = _packets(
    "late", "packets_late", "new packets that came after their playout time",
    _heard(lambda _, heard: len(heard.late)), "They were thrown away",
)  # fmt: skip
JITTER = _ms(
    "jitter_ms",
    "mean interarrival jitter (RFC 3550) of the new packets",
    _call(lambda one: ms(mean(one.direction.jitter_ns(one.direction.new)))),
    '6.4.1, A.8: J += (\\|D\\| - J)/16; the mean of J over all of them, which is Wireshark\'s "mean jitter". The step '
    "between paths is in it",
)
DELAY_MEAN = _ms(
    "delay_ms.mean", "mean one-way delay of the new packets", _call(lambda one: one.delays.mean),
    "From the sender's first capture of that packet *on that path* to the receiver's capture", "delay_mean_ms",
)  # fmt: skip
DELAY_P99 = _ms(
    "delay_ms.p99", "one-way delay that 99 % of them do not exceed", _call(lambda one: one.delays.p99),
    "The smallest such one", "delay_p99_ms",
)  # fmt: skip


def _quality(
    key: str, unit: str, about: str, compute: Callable[[MediaFacts, Rated], Value], kind: Kind = "number"
) -> Number[MediaFacts]:
    return Number(key, kind, unit, key, about, _rated(compute))


R_FACTOR = _quality(
    "r_factor", "1", "ITU-T G.107 rating R of the whole call; G.107.1 of a wideband one",
    lambda _, rated: None if rated.rating is None else round(rated.rating.r, 1),
)  # fmt: skip
MOS = _quality(
    "mos", "1", "the same as a mean opinion score",
    lambda _, rated: None if rated.rating is None else round(rated.rating.mos, 2),
)  # fmt: skip
MOS_SCALE = _quality(
    "mos_scale", "", "whose scale these two are of: `narrow-band` (G.107) or `wideband` (G.107.1)",
    lambda _, rated: None if rated.rating is None else rated.rating.scale, "text",
)  # fmt: skip
MOUTH_TO_EAR = _quality(
    "mouth_to_ear_ms", "ms", "mean time from a sample's recording to its playing",
    lambda _, rated: _to_ms(rated.mouth_to_ear_s),
)  # fmt: skip
CONCEALED = _quality(
    "concealed_percent", "%", "share of packet intervals with nothing to play, in the whole call",
    lambda _, rated: round(rated.loss_percent, 3),
)  # fmt: skip
BURST_RATIO = _quality(
    "burst_ratio", "1", "length of those bursts over that of random loss", lambda _, rated: round(rated.burst_ratio, 3)
)
QUALITY_DOUBT = _quality(
    "quality_doubt", "", "why R and MOS mean little, or are not there", lambda _, rated: rated.doubt, "text"
)
GAP_CALL = _ms(
    "gap_call_ms",
    "longest silence of the whole call, less the packet interval",
    _call(lambda one: ms(window.longest_gap(one.direction, one.interval_ns, None))),
    "Also where there was no handover",
)
INTERRUPTION_CALL = _ms(
    "interruption_call_ms", "time with nothing to play in the whole call",
    _heard(lambda _, heard: _to_ms(heard.concealed_s())), "Also where there was no handover",
)  # fmt: skip
LATE_IN_WINDOW = _packets(
    "late_in_window", "packets_late_in_window", "late packets that arrived in the handover window",
    _heard_in_window(lambda one, heard, span: playout.late_in(heard, one.direction, span.window)),
)  # fmt: skip


def _delay(
    part: str, about: str, compute: Callable[[MediaFacts, HandoverSpan], float | None], more: str = ""
) -> Number[MediaFacts]:
    return _ms(f"delay_change_ms.{part}", about, _window(compute), more, f"delay_{part}_ms")


def _after(one: MediaFacts, span: HandoverSpan) -> float | None:
    until_ns, next_ns = span.window.close_ns + NEAR_NS, span.handover.until_ns
    return one.delays_between(span.window.close_ns + 1, until_ns if next_ns is None else min(until_ns, next_ns)).mean


def _on_path(one: MediaFacts, span: HandoverSpan, link: str | None) -> float | None:
    return ms(window.path_delay(one.direction, link, span.window, NEAR_NS))


DELAY_CHANGES = (
    _delay(
        "before", "mean one-way delay in the 2 s before the handover window",
        lambda one, span: one.delays_between(span.window.open_ns - NEAR_NS, span.window.open_ns - 1).mean,
        "Of new packets. A path that is behind by `path_step_ms` need not come at once: where the B2BUA holds packets "
        "back, this is less than `delay_change_ms.in_window` on the same path",
    ),
    _delay(
        "in_window", "the same in the window",
        lambda one, span: one.delays_between(span.window.open_ns, span.window.close_ns).mean,
    ),
    _delay("after", "the same in the 2 s after it", _after, "No longer than until the next trigger"),
    _delay(
        "old_path", "mean one-way delay on the old path, within 2 s of the window",
        lambda one, span: _on_path(one, span, span.handover.old), "Over all that arrived on that path, copies too",
    ),
    _delay(
        "new_path", "the same on the new path", lambda one, span: _on_path(one, span, span.handover.new),
        "The difference is `path_step_ms`",
    ),
)  # fmt: skip


def _lies(
    key: str, kind: Kind, unit: str, column: str, about: str, compute: Callable[[MediaFacts], Value]
) -> Number[MediaFacts]:
    return Number(f"burst_loss.{key}", kind, unit, column, about, compute)


def _count(found: bursts.Periods | None) -> int | None:
    return None if found is None else len(found.lengths)


def _density(found: bursts.Periods | None) -> float | None:
    return None if found is None or found.density is None else round(found.density, 6)


def _duration(found: bursts.Periods | None, interval_ns: int) -> float | None:
    return ms(None if found is None or found.mean is None else found.mean * interval_ns)


_PART = "part of their packets that was missing"
BURSTS = (
    _lies("gmin", "integer", "packets", "burst_gmin_packets",
          "so many received ones in a row end a burst (RFC 3611, A.2)", lambda _: bursts.GMIN),
    _lies("bursts", "integer", "bursts", "bursts", "bursts of lost or late packets",
          lambda one: _count(one.missing.bursts)),
    _lies("burst_density", "number", "1", "burst_density", _PART, lambda one: _density(one.missing.bursts)),
    _lies("burst_duration_ms", "number", "ms", "burst_duration_ms", "their mean length",
          lambda one: _duration(one.missing.bursts, one.interval_ns)),
    _lies("gaps", "integer", "gaps", "loss_gaps", "stretches between bursts (RFC 3611's gaps)",
          lambda one: _count(one.missing.gaps)),
    _lies("gap_density", "number", "1", "loss_gap_density", _PART, lambda one: _density(one.missing.gaps)),
    _lies("gap_duration_ms", "number", "ms", "loss_gap_duration_ms", "their mean length",
          lambda one: _duration(one.missing.gaps, one.interval_ns)),
    _lies("lost_runs", "integer", "runs", "lost_runs", "runs of lost packets", lambda one: one.missing.lost_runs),
    _lies("longest_lost_run", "integer", "packets", "longest_lost_run_packets", "the longest of them",
          lambda one: one.missing.longest_lost_run),
)  # fmt: skip


def _fixed(depth: int) -> tuple[Number[MediaFacts], ...]:
    """The numbers of a jitter buffer of that many ms, which never adapts."""

    def row(
        key: str, unit: str, about: str, compute: Callable[[MediaFacts, Heard, HandoverSpan | None], Value]
    ) -> Number[MediaFacts]:
        def of_playout(one: MediaFacts) -> Value:
            heard = one.listened.fixed[depth]
            return None if heard is None else compute(one, heard, one.span)

        kind: Kind = "number" if unit == "ms" else "integer"
        column = f"fixed_{depth}_ms_{'packets_' if unit == 'packets' else ''}{key}"
        return Number(f"fixed_playout.{depth}_ms.{key}", kind, unit, column, about, of_playout)

    return (
        row("interruption_ms", "ms", f"interruption by the handover, with a fixed jitter buffer of {depth} ms",
            lambda one, heard, span: None if span is None else _to_ms(one.missed_s(heard, span))),
        row("late_in_window", "packets", "new packets too late for it that arrived in the handover window",
            lambda one, heard, span: None if span is None else playout.late_in(heard, one.direction, span.window)),
        row("interruption_call_ms", "ms", "the interruption with it in the whole call",
            lambda _, heard, __: _to_ms(heard.concealed_s())),
        row("late", "packets", "new packets too late for it", lambda _, heard, __: len(heard.late)),
        row("mouth_to_ear_ms", "ms", "mouth-to-ear delay with it",
            lambda one, heard, _: _to_ms(playout.mouth_to_ear_s(heard, one.direction))),
    )  # fmt: skip


DEPTH_NEEDED = _ms(
    "depth_needed_ms",
    "least depth of a fixed buffer with which no packet were late",
    lambda one: ms(one.listened.schedule.depth_needed_ns) if one.listened.schedule else None,
)

WINDOW = (GAP, PATH_STEP, INTERRUPTION, UNAVOIDABLE, LOST_IN_WINDOW, LATE_IN_WINDOW, *DELAY_CHANGES)
"""What is told of each handover."""

MEDIA = by_key((
    GAP, PATH_STEP, INTERRUPTION, UNAVOIDABLE, SENT, RECEIVED, LOST, LOST_IN_WINDOW, DUPLICATES, REORDERED, LATE,
    JITTER, DELAY_MEAN, DELAY_P99, R_FACTOR, MOS, MOS_SCALE, MOUTH_TO_EAR, CONCEALED, BURST_RATIO, QUALITY_DOUBT,
    GAP_CALL, INTERRUPTION_CALL, LATE_IN_WINDOW, *DELAY_CHANGES, *BURSTS,
    *(row for depth in fixed_playout.DEPTHS_MS for row in _fixed(depth)), DEPTH_NEEDED, COPIES, SAID_AGAIN, PROBES,
))  # fmt: skip
"""Key -> row, in the order of result.json."""
