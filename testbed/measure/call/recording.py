"""A run folder read once: its captures decoded, its media and messages sorted out, its handovers found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.measure.call.direction import directions
from testbed.measure.call.handover import find_handovers
from testbed.measure.call.unaided import seen_triggers
from testbed.measure.folder.run_folder import read_captures, read_events, read_manifest, scenario_start_ns
from testbed.measure.rtp.copies import as_originals, find_copies
from testbed.measure.rtp.streams import find_rtp
from testbed.measure.sip.scan import find_sip
from testbed.measure.sip.transactions import pair
from testbed.measure.wire.packets import decode_udp

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Event, Manifest
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction
    from testbed.measure.wire.packets import Datagrams


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run folder holds, for all who make numbers or pictures of it.

    `capture` has the interfaces of both ends and of the relay between them; `rtp` are its packets with the SSRCs that
    they have, while in `media` copies count as their originals. `everywhere` are the messages at all of these
    interfaces; `messages`, and the `transactions` in them, those at the MN, each of which passes only one of its own.
    """

    manifest: Manifest
    events: list[Event]
    capture: Capture
    datagrams: Datagrams
    rtp: RtpPackets
    media: dict[str, Direction]
    everywhere: list[SipMessage]
    messages: list[SipMessage]
    transactions: list[SeenTransaction]
    handovers: list[Handover]
    start_ns: int

    @property
    def first_handover(self) -> Handover | None:
        """The one that the numbers of the whole call are about."""
        return self.handovers[0] if self.handovers else None


def read_recording(folder: Path) -> Recording:
    """Read a run folder; `RunError` when the manifest, the timeline or all captures can't be read."""
    manifest, events = read_manifest(folder), read_events(folder)
    capture = read_captures(folder, manifest.interface_names)
    datagrams = decode_udp(capture)
    rtp = find_rtp(capture, datagrams)
    media = directions(capture, as_originals(rtp, find_copies(capture)), manifest)
    everywhere = find_sip(capture, datagrams)
    own = set(manifest.mn.interfaces.values())
    messages = [message for message in everywhere if capture.interfaces[message.interface].name in own]
    transactions = pair(messages)
    return Recording(
        manifest=manifest,
        events=events,
        capture=capture,
        datagrams=datagrams,
        rtp=rtp,
        media=media,
        everywhere=everywhere,
        messages=messages,
        transactions=transactions,
        handovers=find_handovers(
            manifest, [*events, *seen_triggers(manifest, transactions, media["to_cn"])], transactions, media
        ),
        start_ns=scenario_start_ns(events, capture),
    )
