"""The message chart of a capture that anybody made: a lifeline for each host that speaks SIP or sends media.

A host that talks to itself (a test on the loopback) has one for each of its ports; media belong to who announced them.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from testbed.measure.capture.errors import CaptureError, NotInCaptureError
from testbed.measure.folder.run_folder import Event
from testbed.measure.result.chart import Chart, Lifeline, MediaFlow, Passage, spans_of
from testbed.measure.result.found import SelectedCapture
from testbed.measure.selection.selection import EVERYTHING, Selection
from testbed.measure.sip.dialogs import CALLER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from testbed.measure.rtp.streams import RtpPackets, Stream
    from testbed.measure.sip.dialogs import SeenDialog
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.wire.packets import TransportAddress

MOST_LIFELINES = 24
"""More do not stand side by side."""


def draw_up_capture(path: Path | str, selection: Selection = EVERYTHING) -> Chart:
    """Return the message chart of a capture, or of what is asked for of it.

    `CaptureError` as in `measure_capture`, where there is neither SIP nor RTP, and where too many hosts take part.
    """
    return chart_of(SelectedCapture(path, selection))


def chart_of(opened: SelectedCapture) -> Chart:
    """Return the same of a capture that is open."""
    path = opened.path
    found, messages, dialogs = opened.found, opened.messages, opened.asked.dialogs
    streams = [one for one, _ in opened.streams]
    if not messages and not streams:
        told = "".join(f"; {one}" for one in opened.warnings)
        raise NotInCaptureError(path, f"neither SIP nor RTP was found: there is nothing to draw{told}")
    places = _HostPlaces(messages, dialogs, streams)
    if len(places.names) > MOST_LIFELINES:
        what = f"{len(places.names)} hosts take part, and {MOST_LIFELINES} can be drawn"
        raise CaptureError(path, f"{what}: name a call (--call-id, --user) or a time (--from, --to)")
    return Chart(
        scheme=None,
        seed=None,
        start_ns=found.captured.start_ns,
        lifelines=tuple(Lifeline(name, frozenset(), frozenset()) for name in places.names),
        passages=tuple(sorted(_passages(messages, places), key=lambda one: (one.time_ns, one.message.packet))),
        flows=tuple(_flows(found.captured.rtp, streams, places)),
        events=tuple(one for dialog in dialogs for one in _events(dialog) if found.span.has(one.time_ns)),
        warnings=tuple(opened.warnings),
        capture=str(path),
    )


class _HostPlaces:
    """Which lifeline an address belongs to; `names` are those of the lifelines, in the order in which they speak."""

    def __init__(
        self, messages: Sequence[SipMessage], dialogs: Iterable[SeenDialog], streams: Sequence[Stream]
    ) -> None:
        pairs = [(one.source, one.destination) for one in messages]
        pairs += [(one.source, one.destination) for one in streams]
        self._divided = {source.ip for source, destination in pairs if source.ip == destination.ip}
        self._speaker: dict[TransportAddress, TransportAddress] = {}
        for dialog in dialogs:
            for address, place in dialog.addresses.items():
                endpoint = (dialog.caller if place.by == CALLER else dialog.callee).endpoint
                if endpoint is not None and endpoint.ip == address.ip:
                    self._speaker.setdefault(address, endpoint)
        names = dict.fromkeys(self._name(end) for pair in pairs for end in pair)
        self.names = tuple(names)
        self._numbers = {name: number for number, name in enumerate(names)}

    def _name(self, address: TransportAddress) -> str:
        return str(self._speaker.get(address, address)) if address.ip in self._divided else address.ip

    def of(self, address: TransportAddress) -> int:
        """Return the lifeline of an address."""
        return self._numbers[self._name(address)]


def _passages(messages: Iterable[SipMessage], places: _HostPlaces) -> Iterator[Passage]:
    """Yield each message once, however many interfaces saw it: what the same interface sees again was sent again."""
    same: dict[tuple[object, ...], dict[int, list[SipMessage]]] = defaultdict(lambda: defaultdict(list))
    for one in messages:
        what = (one.method, one.status, one.transaction, one.from_tag, one.to_tag, one.size)
        same[one.source, one.destination, *what][one.interface].append(one)
    for sightings in same.values():
        for repeat, seen in enumerate(zip_longest(*sightings.values())):
            times = sorted((one for one in seen if one is not None), key=lambda one: one.time_ns)
            first, last = times[0], times[-1]
            yield Passage(
                message=first,
                sender=places.of(first.source),
                receiver=places.of(first.destination),
                left_ns=first.time_ns,
                arrived_ns=last.time_ns if len(times) > 1 else None,
                is_lost=False,
                repeat=repeat,
            )


def _flows(rtp: RtpPackets, streams: Iterable[Stream], places: _HostPlaces) -> Iterator[MediaFlow]:
    for one in streams:
        ends = places.of(one.source), places.of(one.destination)
        for first_ns, last_ns, packets in spans_of(rtp.time_ns[one.rows]):
            yield MediaFlow(*ends, first_ns, last_ns, packets, None)


def _events(dialog: SeenDialog) -> Iterator[Event]:
    """Yield what became of a dialog's media: moves, and holds."""

    def event(time_ns: int, by: str, what: str) -> Event:
        return Event(time_ns, None, f"dialog {dialog.number}, {by}", what, {})

    for move in dialog.moves:
        refused = move.status is not None and move.status >= 300
        said = f"may not move to {move.new} ({move.status})" if refused else f"moves to {move.new}"
        yield event(move.time_ns, move.by, said)
    for digit in dialog.digits:
        yield event(digit.request.time_ns, dialog.by(digit.request), f"presses {digit.digit} (INFO)")
    for hold in dialog.holds:
        yield event(hold.begin_ns, hold.listener, "on hold")
        if hold.end_ns is not None:
            yield event(hold.end_ns, hold.listener, "no longer on hold")
