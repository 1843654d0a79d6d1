"""How often ends heard a silence, and what stood by for it: `standby`, `standby.silences` and `standby.switches`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.numbers.number import Number, by_key
from testbed.measure.units import ms, seconds

if TYPE_CHECKING:
    from testbed.measure.cost.stood_by import EndSwitch, HeardSilence, Standby


class SilenceFacts(NamedTuple):
    """An alarm; times of results count from `start_ns`."""

    heard: HeardSilence
    start_ns: int


class SwitchFacts(NamedTuple):
    """How one end switched; times of results count from `start_ns`."""

    switch: EndSwitch
    start_ns: int


def _path_ns(heard: HeardSilence) -> int | None:
    one = heard.alarm
    return None if one.heard_ns is None or one.again_ns is None else one.again_ns - one.heard_ns


def _since(time_ns: int | None, start_ns: int) -> float | None:
    return None if time_ns is None else seconds(time_ns - start_ns)


STANDBY: dict[str, Number[Standby]] = by_key((
    Number("policy", "text", "", "copies_policy", "when media go over both legs: `always`, `at-risk`, `on-silence`",
           lambda one: one.dialogs[0].copies if one.dialogs else None, "As the first INVITE that asked for it says"),
    Number("stood", "integer", "dialogs", "dialogs_standing", "dialogs that stood by",
           lambda one: sum(each.stands for each in one.dialogs)),
    Number("refused", "integer", "dialogs", "dialogs_refused", "those that were to, and were refused",
           lambda one: sum(each.status is not None and not each.stands for each in one.dialogs)),
    Number("alarms", "integer", "alarms", "alarms", "silences that an end took for a break",
           lambda one: len(one.alarms), "Of each end and each path on its own, as the timeline tells"),
    Number("false_alarms", "integer", "alarms", "false_alarms",
           "those after which the same path brought packets again within 200 ms",
           lambda one: sum(each.is_false for each in one.alarms), "As the captures show"),
))  # fmt: skip
"""Key -> row, in the order of result.json; behind them stand the lists `dialogs`, `copies`, `switches`, `silences`."""

SILENCES: dict[str, Number[SilenceFacts]] = by_key((
    Number("at_s", "number", "s", "at_s", "when the end took it for a break, in scenario time",
           lambda one: seconds(one.heard.alarm.at_ns - one.start_ns)),
    Number("end", "text", "", "end", "which end: `mn`, `cn`, `b2bua`", lambda one: one.heard.alarm.end),
    Number("path", "text", "", "path", "the MN's link that it heard nothing over", lambda one: one.heard.alarm.link),
    Number("limit_ms", "number", "ms", "limit_ms", "how long a silence was a break to it",
           lambda one: ms(one.heard.alarm.limit_ns)),
    Number("path_ms", "number", "ms", "path_silent_ms", "how long the path brought nothing to it",
           lambda one: ms(_path_ns(one.heard)), "`null` where it brought nothing any more"),
    Number("missed_ms", "number", "ms", "gap_ms", "how long nothing new came over any path, less the packet interval",
           lambda one: ms(one.heard.missed_ns), "The silence that the alarm fell into"),
    Number("said_again", "integer", "packets", "packets_said_again", "what that end then said again",
           lambda one: one.heard.said_again, "Within a second, and before its next alarm"),
    Number("false_alarm", "truth", "", "false_alarm", "whether the path brought packets again within 200 ms",
           lambda one: one.heard.alarm.is_false),
    Number("handover", "integer", "1", "handover", "number of the handover that it belongs to, from 0",
           lambda one: one.heard.handover, "`null`: no move followed, it was bridged, or it was none"),
))  # fmt: skip

SWITCHES: dict[str, Number[SwitchFacts]] = by_key((
    Number("handover", "integer", "1", "handover", "number of the handover, from 0",
           lambda one: one.switch.handover),
    Number("end", "text", "", "end", "which end: `mn`, `cn`, `b2bua`", lambda one: one.switch.end),
    Number("new_s", "number", "s", "new_s", "its first packet over the new path that was no probe, in scenario time",
           lambda one: _since(one.switch.new_ns, one.start_ns)),
    Number("old_s", "number", "s", "old_s", "its last one over the old path before the next handover, no probe",
           lambda one: _since(one.switch.old_ns, one.start_ns)),
    Number("because", "text", "", "because", "why it sent over both, as it tells",
           lambda one: None if one.switch.because is None else ", ".join(one.switch.because),
           "`silence`: it heard nothing; `risk`; `handover`; `the other end`: that asked for it; `a new leg`: of which "
           "that has not told yet; `null`: it did not"),
))  # fmt: skip
