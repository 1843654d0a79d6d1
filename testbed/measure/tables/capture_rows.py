"""The rows of the tables that `testbed export` makes of captures; see `columns_captures`."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from testbed.measure import units
from testbed.measure.listening.over_time import FIELDS
from testbed.measure.result.found import SelectedCapture
from testbed.measure.rtp.stream_numbers import first_arrivals
from testbed.measure.tables.columns_captures import KEY_PRESSES, OVER_TIME, PACKETS_OF_STREAMS, SIP_MESSAGES, STREAMS
from testbed.plain_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from testbed.measure.selection.selection import Selection

Row = tuple[Any, ...]


def rows_of_capture(path: Path, table: str, selection: Selection, warnings: list[str]) -> Iterator[Row]:
    """Yield the rows of one capture; what there is to say of it is added to `warnings`.

    It is read when the first row is asked for; `CaptureError` where it cannot be.
    """
    opened = SelectedCapture(path, selection)
    warnings += [f"{path}: {one}" for one in opened.warnings]
    yield from _ROWS[table](printable(str(path)), opened)


def _streams(path: str, opened: SelectedCapture) -> Iterator[Row]:
    call_ids = {one.number: one.call_id for one in opened.asked.dialogs}
    for number, (_, said) in enumerate(opened.streams):
        dialogs = [one for one in said["dialogs"] if one in call_ids]
        told = {
            "capture": path,
            "stream": number,
            "dialogs": " ".join(map(str, dialogs)) or None,
            "call_ids": " ".join(call_ids[one] for one in dialogs) or None,
        }
        yield tuple(_value(said, one.source) if one.source else told[one.name] for one in STREAMS.columns)


def _value(said: dict[str, Any], source: str) -> str | float | None:
    inner: Any = said
    for name in source.split("."):
        inner = inner[name]
    found: str | float | None = inner
    return found


def _over_time(path: str, opened: SelectedCapture) -> Iterator[Row]:
    for number, (_, said) in enumerate(opened.streams):
        for window in said["over_time"]:
            yield (path, number, said["src"], said["dst"], said["ssrc"], *(window[name] for name in FIELDS))


def _keys(path: str, opened: SelectedCapture) -> Iterator[Row]:
    for number, (_, said) in enumerate(opened.streams):
        for one in said["dtmf"]:
            yield (path, number, None, said["src"], *(one[name] for name in ("digit", "at_s", "duration_ms")))
    for dialog in opened.asked.dialogs:
        for digit in dialog.digits:
            at_s = units.seconds(digit.request.time_ns - opened.found.captured.start_ns)
            yield (path, None, dialog.number, dialog.by(digit.request), digit.digit, at_s, digit.duration_ms)


def _packets(path: str, opened: SelectedCapture) -> Iterator[Row]:
    rtp, start_ns = opened.found.captured.rtp, opened.found.captured.start_ns
    for number, (stream, said) in enumerate(opened.streams):
        rows = stream.rows
        yield from zip(
            *(repeat(one) for one in (path, number, said["src"], said["dst"], said["ssrc"])),
            (rtp.packet[rows] + 1).tolist(),
            [units.seconds(one) for one in (rtp.time_ns[rows] - start_ns).tolist()],
            rtp.sequence[rows].tolist(),
            stream.extended.tolist(),
            rtp.timestamp[rows].tolist(),
            rtp.payload_type[rows].tolist(),
            (~first_arrivals(stream.extended)).tolist(),
            strict=False,
        )


def _messages(path: str, opened: SelectedCapture) -> Iterator[Row]:
    captured = opened.found.captured
    for one in opened.messages:
        yield (
            path,
            one.packet + 1,
            units.seconds(one.time_ns - captured.start_ns),
            captured.capture.interfaces[one.interface].name,
            one.transport,
            str(one.source),
            str(one.destination),
            one.method,
            one.status,
            one.reason or None,
            one.call_id,
            one.cseq,
            *(name or None for name in (one.from_uri, one.from_tag, one.to_uri, one.to_tag, one.branch, one.direction)),
            one.size,
        )


_ROWS: dict[str, Callable[[str, SelectedCapture], Iterator[Row]]] = {
    STREAMS.name: _streams,
    OVER_TIME.name: _over_time,
    PACKETS_OF_STREAMS.name: _packets,
    KEY_PRESSES.name: _keys,
    SIP_MESSAGES.name: _messages,
}
