"""A message chart as text: one lifeline a column, one line a message, plain, for a terminal or a pipe.

A line says when (milliseconds of scenario time), in which Call-ID (a letter), from whom to whom, how much later it
arrived, and what else matters of it. What doesn't fit beside the chart goes on in the next line.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.measure.call.standing_dialogs import STANDBY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from testbed.measure.folder.run_folder import Event
    from testbed.measure.result.chart import Chart, MediaFlow, Passage
    from testbed.measure.said.said_passages import SaidPassage
    from testbed.measure.sip.scan import SipMessage

NARROWEST = 72
_TIME, _LETTER, _TRANSIT = 8, 3, 7
_MARGIN = _TIME + 1 + _LETTER
_LEAST_GAP, _LARGEST_GAP = 8, 24
_LEAST_NOTES = len("Require: handover")
_LIFELINE, _LINE, _RIGHT, _LEFT, _LOST, _MEDIA, _SAID, _RULE = "│", "─", "▶", "◀", "✗", "┄", "╌", "═"
_TIED = "\xa0"
# Paper, figure 5: what a registration of several interfaces says in its Contact.
_REGISTERED = re.compile(r";\s*(if_q|if_no)\s*=\s*([^\s;,>]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One line of the chart. `labels` are what may stand on the arrow, longest first, with what then is left to say.

    `passage` is the place of its message among the chart's passages; None where it is about media.
    """

    time_ns: int
    letter: str
    sender: int
    receiver: int
    labels: Sequence[tuple[str, str]]
    transit: str = ""
    notes: tuple[str, ...] = ()
    is_lost: bool = False
    stroke: str = _LINE
    passage: int | None = None

    @property
    def is_beside_sip(self) -> bool:
        """Whether it is a message of what moves the call beside SIP."""
        return self.stroke == _SAID


def ladder(chart: Chart, width: int) -> str:
    """Return a message chart for `width` columns, or `NARROWEST` where there are fewer."""
    letters = call_letters(chart)
    drawn = arrows(chart, letters)
    canvas = _Canvas([line.name for line in chart.lifelines], max(width, NARROWEST), _longest_note(drawn))
    rows: list[tuple[int, int, list[str]]] = [(one.time_ns, 1, canvas.arrow(one, chart.start_ns)) for one in drawn]
    rows += [(one.time_ns, 0, canvas.across(one, chart.start_ns)) for one in chart.events]
    rows.sort(key=lambda row: row[:2])
    count = len(chart.passages)
    text = [
        f"{_title(chart)}: {count} SIP message{'' if count == 1 else 's'}{_beside(chart)}",
        "",
        canvas.head(),
        *(line for _, _, lines in rows for line in lines),
        canvas.head(),
        "",
        *(f"{short} is {name}" for short, name in canvas.cut),
        *_legend(chart, letters),
    ]
    return "\n".join(line.rstrip() for line in text) + "\n"


def _title(chart: Chart) -> str:
    return chart.capture or f"{chart.scheme or 'a run'}, seed {chart.seed}"


def _beside(chart: Chart) -> str:
    return f", {len(chart.said)} of {chart.protocol}" if chart.said else ""


def arrows(chart: Chart, letters: Mapping[str, str]) -> list[Arrow]:
    """Return what goes from lifeline to lifeline: the messages, those beside SIP, and where media begin and end."""
    return [*_messages(chart, letters), *_said(chart), *_media(chart)]


def call_letters(chart: Chart) -> dict[str, str]:
    """Return A, B, … Z, AA, … for Call-IDs, in the order in which they appear."""
    letters: dict[str, str] = {}
    for call_id in dict.fromkeys(one.message.call_id for one in chart.passages):
        rounds, number = divmod(len(letters), 26)
        letters[call_id] = chr(ord("A") + number) * (rounds + 1)
    return letters


def _legend(chart: Chart, letters: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{letter:<2} Call-ID {call_id}" for call_id, letter in letters.items())
    if chart.capture is None:
        yield "ms   scenario time when it left its sender; of media, when they arrived"
        yield "+ms  how much later it arrived"
    else:
        yield "ms   from the capture's first packet to when it was seen first"
        if any(one.arrived_ns is not None for one in chart.passages):
            yield "+ms  how much later the last of several interfaces saw it"
    if chart.said:
        yield f"{_SAID}    {chart.protocol}, beside SIP"
    lost = [one.is_lost for one in chart.passages] + [one.is_lost for one in chart.said]
    if any(lost) or any(flow.packets == 0 for flow in chart.flows):
        yield f"{_LOST}    never came in at its receiver's interface"
    yield from (f"warning: {warning}" for warning in chart.warnings)


def _messages(chart: Chart, letters: Mapping[str, str]) -> Iterator[Arrow]:
    directions: dict[tuple[str, str], str] = {}
    for number, one in enumerate(chart.passages):
        message = one.message
        said = (message.call_id, message.source.ip)
        notes = [
            *([f"retransmission {one.repeat}"] if one.repeat else []),
            *(["not seen leaving"] if one.left_ns is None else []),
            *(_header_notes(message, letters)),
            *(_direction_note(message.direction, directions.get(said, "sendrecv"))),
        ]
        if message.direction:
            directions[said] = message.direction
        yield Arrow(
            time_ns=one.time_ns,
            letter=letters[message.call_id],
            sender=one.sender,
            receiver=one.receiver,
            labels=_labels(message),
            transit=_transit(one, is_at_ends=chart.capture is None),
            notes=tuple(notes),
            is_lost=one.is_lost,
            passage=number,
        )


def _said(chart: Chart) -> Iterator[Arrow]:
    for one in chart.said:
        words = one.words
        yield Arrow(
            time_ns=one.time_ns,
            letter="",
            sender=one.sender,
            receiver=one.receiver,
            labels=[(words.name, ""), (words.short, words.name)],
            transit=_transit(one, is_at_ends=True),
            notes=(*(["the same bytes again"] if one.repeat else []), *words.notes),
            is_lost=one.is_lost,
            stroke=_SAID,
        )


def _labels(message: SipMessage) -> list[tuple[str, str]]:
    if message.status is None:
        return [(message.method, "")]
    return [
        (f"{message.status} {message.reason} ({message.method})", ""),
        (f"{message.status} {message.method}", ""),
        (str(message.status), message.method),
    ]


def _transit(one: Passage | SaidPassage, *, is_at_ends: bool) -> str:
    if one.is_lost:
        return "lost"
    if one.left_ns is None or one.arrived_ns is None:
        return "?" if is_at_ends else ""
    return f"+{(one.arrived_ns - one.left_ns) / 1e6:.1f}"


def _header_notes(message: SipMessage, letters: Mapping[str, str]) -> Iterator[str]:
    if message.handover:
        call_id = message.handover.partition(";")[0].strip()
        yield f"Handover: {letters.get(call_id, call_id)}"
        yield from (f"stands by, copies {policy}" for policy in STANDBY.findall(message.handover))
    for name in ("require", "unsupported"):
        if "handover" in _tags(getattr(message, name)):
            yield f"{name.capitalize()}: handover"
    yield from (f"{name}={value}" for name, value in _REGISTERED.findall(message.contact))


def _tags(value: str) -> list[str]:
    return [tag.strip().lower() for tag in value.split(",")]


def _direction_note(direction: str, before: str) -> list[str]:
    """Return the SDP's direction, where it isn't the usual one or was another one in this sender's last SDP."""
    return [direction] if direction and (direction, before) != ("sendrecv", "sendrecv") else []


def _media(chart: Chart) -> Iterator[Arrow]:
    for flow in chart.flows:
        if flow.packets == 0:
            yield _flow_arrow(flow, flow.first_ns, "media", "none arrives", f"sent until {_ms(flow.last_ns, chart)}")
            continue
        where = ("seen at the sender",) if flow.packets is None else ()
        until = () if flow.sent_until_ns is None else (f"sent until {_ms(flow.sent_until_ns, chart)}",)
        count = () if flow.packets is None else (f"{flow.packets} RTP packets",)
        yield _flow_arrow(flow, flow.first_ns, "media begins", *where)
        yield _flow_arrow(flow, flow.last_ns, "media ends", *where, *count, *until)


def _flow_arrow(flow: MediaFlow, time_ns: int, label: str, *notes: str) -> Arrow:
    labels = [(label, ""), *([(label.split()[1], "media")] if " " in label else [])]
    is_lost = flow.packets == 0
    return Arrow(time_ns, "", flow.sender, flow.receiver, labels, notes=notes, is_lost=is_lost, stroke=_MEDIA)


def _ms(time_ns: int, chart: Chart) -> str:
    return f"{(time_ns - chart.start_ns) / 1e6:.1f}"


def _longest_note(arrows: Iterable[Arrow]) -> int:
    return max((len(", ".join(one.notes)) for one in arrows), default=0)


def _shortened(name: str, room: int) -> str:
    """Return a name, or both ends of it: addresses of one network differ in the last."""
    if len(name) <= room:
        return name
    head = (room - 1) // 3
    return f"{name[:head]}…{name[head + 1 - room :]}"


class _Canvas:
    """Where things stand on a line: time, letter, lifelines, transit time, notes."""

    def __init__(self, names: Sequence[str], width: int, notes: int) -> None:
        self._width = width
        free = width - _MARGIN - 1 - _TRANSIT - 1
        gaps = max(len(names) - 1, 1)
        for_notes = max(_LEAST_NOTES, min(notes, free // (gaps + 1)))
        gap = max(_LEAST_GAP, min((free - for_notes) // gaps - 1, _LARGEST_GAP))
        self._gap = gap
        self._at = [number * (gap + 1) for number in range(len(names))]
        self._chart = self._at[-1] + 1
        self._notes_at = _MARGIN + self._chart + _TRANSIT + 1
        self._notes_width = max(width - self._notes_at, _LEAST_NOTES)
        self._short = [
            _shortened(name, gap if 0 < at < self._at[-1] else gap // 2 + 3)
            for name, at in zip(names, self._at, strict=True)
        ]
        self.cut = [(short, name) for short, name in zip(self._short, names, strict=True) if short != name]
        """Names that do not stand above their lifelines as they are."""

    def head(self) -> str:
        """Return the names of the lifelines and of the other columns, to stand above them."""
        line = list(f"{'ms':>{_TIME}}".ljust(self._notes_at))
        for name, at in zip(self._short, self._at, strict=True):
            start = min(max(_MARGIN + at - len(name) // 2, _TIME + 1), self._notes_at - 5 - len(name))
            line[start : start + len(name)] = name
        line[self._notes_at - 4 : self._notes_at - 1] = "+ms"
        return "".join(line)

    def arrow(self, arrow: Arrow, start_ns: int) -> list[str]:
        """Return the lines of an arrow: the first has it, more have what is left of its notes."""
        drawn, rest = self._draw(arrow)
        time = f"{(arrow.time_ns - start_ns) / 1e6:>{_TIME}.1f}"
        notes = ", ".join(self._tied(note) for note in (rest, *arrow.notes) if note)
        first, *more = textwrap.wrap(notes, self._notes_width) or [""]
        empty = " " * _MARGIN + "".join(self._lifelines()) + " " * (_TRANSIT + 1)
        lines = [
            f"{time} {arrow.letter:<{_LETTER}}{drawn}{arrow.transit:>{_TRANSIT}} {first}",
            *(empty + line for line in more),
        ]
        return [line.replace(_TIED, " ") for line in lines]

    def _tied(self, note: str) -> str:
        """Return a note that is not broken, but for one that is longer than a line."""
        return note.replace(" ", _TIED) if len(note) <= self._notes_width else note

    def across(self, event: Event, start_ns: int) -> list[str]:
        """Return the line of an event, over all lifelines."""
        time = f"{(event.time_ns - start_ns) / 1e6:>{_TIME}.1f}".ljust(_MARGIN)
        first, *more = textwrap.wrap(event_text(event), self._width - _MARGIN - 4)
        return [
            time + f"{_RULE * 2} {first} ".ljust(self._chart, _RULE),
            *(" " * (_MARGIN + 3) + line for line in more),
        ]

    def _lifelines(self) -> list[str]:
        line = [" "] * self._chart
        for at in self._at:
            line[at] = _LIFELINE
        return line

    def _draw(self, arrow: Arrow) -> tuple[str, str]:
        """Return the chart's part of a line, and what its label could not say."""
        line = self._lifelines()
        if arrow.sender == arrow.receiver:
            return "".join(line), f"{arrow.labels[0][0]} to itself"
        ends = sorted((self._at[arrow.sender], self._at[arrow.receiver]))
        first, last = ends[0] + 1, ends[1] - 1
        to_right = arrow.sender < arrow.receiver
        line[first : last + 1] = arrow.stroke * (last - first + 1)
        head, tail = (last, first) if to_right else (first, last)
        line[head] = _RIGHT if to_right else _LEFT
        if arrow.is_lost:
            step = -1 if to_right else 1
            line[head], line[head + step], line[head + 2 * step] = " ", " ", _LOST
            head += 2 * step
        room = abs(head - tail)
        label, rest = next((one for one in arrow.labels if len(one[0]) <= room), ("", arrow.labels[0][0]))
        start = (tail if to_right else head + 1) + (room - len(label)) // 2
        line[start : start + len(label)] = label
        return "".join(line), rest


def event_text(event: Event) -> str:
    """Return an event of the timeline in words: who, what, which link, and whatever else it says."""
    what = event.name.split("_")
    told = {"time_ns", "t_s", "source", "event", "link"}
    details = [_detail(name, value, what) for name, value in event.fields.items() if name not in told]
    text = f"{event.source}: {' '.join(what)} {event.link or ''}".rstrip()
    return text + (f" ({', '.join(details)})" if details else "")


def _detail(name: str, value: object, what: Sequence[str]) -> str:
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value):
        return ", ".join(str(one["name"]) for one in value)
    if isinstance(value, list):
        return f"{name} {', '.join(str(one) for one in value)}"
    return str(value) if name in what else f"{name} {value}"
