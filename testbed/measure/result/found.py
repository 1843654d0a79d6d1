"""What is found in a capture that anybody made, before it is counted: RTP, RTCP, SIP, and what was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.capture.pcap import read_capture
from testbed.measure.result.captured_media import Captured, CapturedMedia
from testbed.measure.result.dialogs_of_media import DialogsOfMedia
from testbed.measure.rtcp import rtcp
from testbed.measure.rtp.clock_steps import find_clock_steps
from testbed.measure.rtp.copies import find_copies
from testbed.measure.rtp.sift import RtpSieve
from testbed.measure.rtp.streams import only_announced_types
from testbed.measure.selection.asked_for import AskedFor
from testbed.measure.selection.selection import EVERYTHING, Selection, TimeSpan
from testbed.measure.sip.announced import Announcements
from testbed.measure.sip.cut_messages import told_of_cut_messages
from testbed.measure.sip.dialogs import find_dialogs
from testbed.measure.sip.scan import find_sip
from testbed.measure.sip.sightings import seen_once
from testbed.measure.wire.packets import decode_udp

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.rtp.payloads import Payloads
    from testbed.measure.rtp.streams import Stream
    from testbed.measure.sip.scan import SipMessage


class Found(NamedTuple):
    """What was found in a capture; `copies` is how many SIP messages an interface saw again at the same time.

    Of media there is what is within `span`, of SIP all. `calls` are the Call-IDs asked for, None where all are.
    `payloads` are there where they are wanted.
    """

    captured: Captured
    packets: int
    skipped: dict[str, int]
    unread: dict[str, int]
    encapsulations: dict[str, int]
    cut_short: int
    cut_messages: list[str]
    messages: list[SipMessage]
    copies: int
    span: TimeSpan
    calls: frozenset[str] | None
    payloads: Payloads | None


def find_all(path: Path | str, selection: Selection = EVERYTHING, *, keeps: bool = False) -> Found:
    """Read a capture. All that takes memory and is not in the result is gone afterwards, unless it `keeps` payloads.

    `CaptureError` as in `read_capture`, and where there is nothing of what is asked for.
    """
    capture = read_capture(path, pipes=True)
    sieve = RtpSieve(capture, keeps=keeps)
    datagrams = decode_udp(capture, sieve.take)
    rtp = sieve.packets(datagrams)
    steps = find_clock_steps(capture, rtp)
    capture, datagrams, rtp = steps.straighten(capture, datagrams, rtp)
    start_ns = capture.start_ns
    span = selection.span(path, start_ns, max(int(capture.time_ns.max(initial=0)), start_ns))
    sightings = find_sip(capture, datagrams)
    messages = seen_once(sightings)
    announced = Announcements(messages)
    reports = rtcp.find_rtcp(capture, datagrams)
    captured = Captured(
        capture=capture.without_packets(),
        start_ns=start_ns,
        rtp=span.of(only_announced_types(rtp, announced)),
        reports=rtcp.ReceivedReports(one for one in reports if span.has(one.sent_ns)),
        originals=find_copies(capture, sieve.is_media),
        steps=steps,
        announced=announced,
    )
    return Found(
        captured=captured,
        packets=len(capture),
        skipped=datagrams.skipped,
        unread=datagrams.unread,
        encapsulations=datagrams.encapsulations,
        cut_short=int((capture.captured < capture.original).sum()),
        cut_messages=told_of_cut_messages(capture, datagrams),
        messages=messages,
        copies=len(sightings) - len(messages),
        span=span,
        calls=selection.calls(path, messages) if selection.is_of_calls else None,
        payloads=sieve.payloads(),
    )


class SelectedCapture:
    """A capture, and of its calls those that are asked for; `CaptureError` as in `find_all`.

    `all_media` are all streams and calls, `asked` says which of them, and of the messages, are shown. It `keeps` what
    RTP packets carry, or not.
    """

    def __init__(self, path: Path | str, selection: Selection = EVERYTHING, *, keeps: bool = False) -> None:
        self.path, self.selection = path, selection
        self.found = find_all(path, selection, keeps=keeps)
        dialogs = find_dialogs(self.found.messages)
        told = DialogsOfMedia(dialogs)
        self.all_media = CapturedMedia(self.found.captured, told)
        self.asked = AskedFor(self.found.span, self.found.calls, dialogs, told.roots)

    @property
    def warnings(self) -> list[str]:
        """Why to look twice at what is shown: damage, messages cut off, clocks that were set, packets not read."""
        captured, unread = self.found.captured, self.found.unread
        not_read = [f"{sum(unread.values())} packets were not read: {', '.join(unread)}"] if unread else []
        return [*captured.capture.warnings, *self.found.cut_messages, *self.all_media.clock_warnings, *not_read]

    @property
    def streams(self) -> list[tuple[Stream, dict[str, Any]]]:
        """The streams asked for, and what is said of each."""
        pairs = zip(self.all_media.seen, self.all_media.streams, strict=True)
        return [(one, said) for one, said in pairs if self.asked.has_media(said["dialogs"])]

    @property
    def messages(self) -> list[SipMessage]:
        """The SIP messages asked for, in order of time."""
        return [one for one in self.found.messages if self.asked.has(one)]
