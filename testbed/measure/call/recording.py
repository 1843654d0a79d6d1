"""A run folder that was opened: its captures decoded, its media and messages sorted out, its handovers found."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.call.call_end import judged_alike
from testbed.measure.call.direction import directions
from testbed.measure.call.handover import find_handovers
from testbed.measure.call.unaided import seen_triggers
from testbed.measure.folder.link_history import has_bit_errors
from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import (
    read_document,
    read_events,
    read_hosts,
    read_manifest,
    scenario_start_ns,
)
from testbed.measure.mobility.hidden import COLUMNS, with_hidden
from testbed.measure.mobility.protocols_seen import find_exchanges, registrations
from testbed.measure.rtp.copies import as_originals, find_copies
from testbed.measure.rtp.streams import DYNAMIC, find_rtp
from testbed.measure.sip.announced import Announcements
from testbed.measure.sip.scan import find_sip
from testbed.measure.sip.transactions import pair
from testbed.measure.wire.checksums import without_damaged
from testbed.measure.wire.packets import decode_udp
from testbed.measure.wire.translated import NONE, Translations, find_translations

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Event, Host, Manifest
    from testbed.measure.mobility.protocols_seen import Exchange
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction
    from testbed.measure.wire.packets import Datagrams


class Traffic:
    """What passed some interfaces, decoded once: UDP, and the RTP and SIP in it, in order of time.

    What is at interfaces `without` only tells what is hidden elsewhere. What was translated has its ends inside.
    """

    def __init__(
        self,
        capture: Capture,
        manifest: Manifest,
        *,
        without: frozenset[str] = frozenset(),
        translations: Translations = NONE,
    ) -> None:
        self.capture, self._manifest, self._without = capture, manifest, without
        self._translations = translations

    @cached_property
    def datagrams(self) -> Datagrams:
        """All UDP datagrams, those too that are hidden in others."""
        hides = self._manifest.mn.inside is not None
        found = self._translations.inside(self.capture, decode_udp(self.capture, keeps_hidden=hides))
        found = with_hidden(self.capture, found, self._manifest)
        if not self._without:
            return found
        is_left_out = np.array([one.name in self._without for one in self.capture.interfaces])
        stays = ~is_left_out[self.capture.interface[found.packet]]
        return replace(found, **{name: getattr(found, name)[stays] for name in COLUMNS})

    @cached_property
    def rtp(self) -> RtpPackets:
        """The RTP packets, with the SSRCs that they have."""
        return find_rtp(self.capture, self.datagrams)

    @cached_property
    def messages(self) -> list[SipMessage]:
        """The SIP messages, each as often as an interface saw it."""
        return find_sip(self.capture, self.datagrams)


class Recording:
    """What a run folder holds, each part read or worked out when it is first asked for, and kept.

    `RunFolderError` where the manifest, the timeline or all captures can't be read, from whatever needs them. The
    folder may be opened before it is complete: what nobody has asked for yet is read later.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def captures(self) -> RunCaptures:
        """The capture files."""
        return RunCaptures(self.folder)

    @cached_property
    def document(self) -> dict[str, Any]:
        """manifest.json as it is."""
        return read_document(self.folder)

    @cached_property
    def manifest(self) -> Manifest:
        """What measuring needs of it."""
        return read_manifest(self.folder)

    @cached_property
    def events(self) -> list[Event]:
        """The timeline in order of time."""
        return read_events(self.folder)

    @cached_property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts of the run's network; none where the folder has no plan."""
        return read_hosts(self.folder)

    @cached_property
    def translations(self) -> Translations:
        """What the run's NATs translated; nothing where there is none."""
        nats = self.manifest.nats
        if not nats:
            return NONE
        capture = self.captures.at({name for one in nats for name in (one.inside, one.outside)})
        return find_translations(capture, decode_udp(capture, keeps_hidden=self.manifest.mn.inside is not None), nats)

    @cached_property
    def traffic(self) -> Traffic:
        """What passed the interfaces of both ends, and of the relay between them."""
        return self._traffic_at(self.manifest.interface_names)

    @cached_property
    def traffic_of_hosts(self) -> Traffic:
        """The same, and what passed the interfaces of all other hosts; of home agents, which only pass on, not."""
        ends = self.manifest.interface_names
        every = ends.union(*(host.interfaces for host in self.hosts))
        agents = (self.manifest.relay, self.manifest.point) if self.manifest.mn.kept is not None else ()
        passing = frozenset(name for one in agents if one is not None for name in one.interfaces.values())
        if not passing:
            return self.traffic if every == ends else self._traffic_at(every)
        if self.manifest.mn.inside is None:
            return self._traffic_at(every - passing)
        return self._traffic_at(every | {self.manifest.mn.inside}, without=passing)

    @cached_property
    def has_bit_errors(self) -> bool:
        """Whether a link of the run damages packets."""
        return has_bit_errors(self.folder)

    def _traffic_at(self, names: frozenset[str], *, without: frozenset[str] = frozenset()) -> Traffic:
        """Where a link damages packets, without those that nobody took."""
        capture = self.captures.at(names)
        whole = without_damaged(capture) if self.has_bit_errors else capture
        return Traffic(whole, self.manifest, without=without, translations=self.translations)

    @property
    def capture(self) -> Capture:
        """The packets of `traffic`."""
        return self.traffic.capture

    @cached_property
    def originals(self) -> RtpPackets:
        """The RTP packets of `traffic`, copies with the SSRC of their original."""
        return as_originals(self.traffic.rtp, find_copies(self.capture))

    @cached_property
    def media(self) -> dict[str, Direction]:
        """The call's media by direction: `to_mn`, `to_cn`. Copies count as their originals."""
        is_dynamic = bool((self.originals.payload_type >= DYNAMIC).any())
        announced = Announcements(self.traffic.messages if is_dynamic else ())
        found = directions(self.capture, self.originals, self.manifest, announced)
        return judged_alike(found, self.manifest, self.events, self.transactions)

    @cached_property
    def messages(self) -> list[SipMessage]:
        """The SIP messages at the MN, each of which passes only one of its interfaces."""
        own = set(self.manifest.mn.interfaces.values())
        interfaces = self.capture.interfaces
        return [one for one in self.traffic.messages if interfaces[one.interface].name in own]

    @cached_property
    def transactions(self) -> list[SeenTransaction]:
        """The transactions in `messages`."""
        return pair(self.messages)

    @cached_property
    def handovers(self) -> list[Handover]:
        """The call's handovers, one for each trigger."""
        seen = seen_triggers(self.manifest, self.transactions, self.media["to_cn"])
        events = [*self.events, *seen]
        return find_handovers(self.manifest, events, self.transactions, self.media, registrations(self.exchanges))

    @cached_property
    def exchanges(self) -> list[Exchange]:
        """What was said beside SIP to move the MN, at its interfaces: for an address that it keeps, or to TURN."""
        return find_exchanges(self.capture, self.traffic.datagrams, self.manifest)

    @property
    def first_handover(self) -> Handover | None:
        """The one that the numbers of the whole call are about."""
        return self.handovers[0] if self.handovers else None

    @cached_property
    def start_ns(self) -> int:
        """Where scenario time begins."""
        return scenario_start_ns(self.events, self.capture)
