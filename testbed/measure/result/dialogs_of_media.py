"""Which media belong to which dialog, by the addresses that were announced and by time."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.measure.rtp.on_hold import OnHold
from testbed.measure.rtp.streams import LAST_NS
from testbed.measure.sip.dialogs import CALLEE, CALLER, AnnouncedFor
from testbed.measure.wire.packets import TransportAddress

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from testbed.measure.sip.dialogs import SeenDialog

_TAIL_NS = 2_000_000_000
"""So long packets of a call may still come after its end."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears a stream: a side of a dialog (of those that took over from each other the first), and which line."""

    dialog: int
    side: str
    line: int


class DialogsOfMedia:
    """Finds the dialogs whose descriptions announced the addresses of a stream."""

    def __init__(self, dialogs: Sequence[SeenDialog]) -> None:
        self._dialogs = {dialog.number: dialog for dialog in dialogs}
        self._at: dict[TransportAddress, dict[int, AnnouncedFor]] = {}
        self._behind_nats: dict[frozenset[str], list[int]] = {}
        for dialog in dialogs:
            if dialog.addresses and all(_is_private(one.ip) for one in dialog.addresses):
                self._behind_nats.setdefault(_hosts(dialog), []).append(dialog.number)
            for endpoint, place in _announced(dialog):
                self._at.setdefault(endpoint, {}).setdefault(dialog.number, place)

    def of(self, source: TransportAddress, destination: TransportAddress, first_ns: int, last_ns: int) -> list[int]:
        """Return their numbers: of those that announced both ends, else the destination, else the source.

        The source alone is enough where the other side's description was not captured, or names an address behind a
        NAT: who is called sends to where packets come from (RFC 4961). A dialog in which a stream began has it until
        its end; one that began later has it, too, if it goes on long enough to be more than the end of the other's.
        """
        here, there = (self._living(end, first_ns, last_ns) for end in (destination, source))
        both = [one for one in here if one in there]
        known = both or here or there or self._between(source, destination, first_ns, last_ns)
        return self._not_only_tails(known, first_ns, last_ns)

    def _between(
        self, source: TransportAddress, destination: TransportAddress, first_ns: int, last_ns: int
    ) -> list[int]:
        """Return the one dialog between two hosts that are both behind a NAT, which gave other ports to the media."""
        candidates = self._behind_nats.get(frozenset((source.ip, destination.ip)), ())
        found = [number for number in candidates if self._dialogs[number].lives(first_ns, last_ns)]
        return found if len(found) == 1 else []

    def _living(self, endpoint: TransportAddress, first_ns: int, last_ns: int) -> list[int]:
        return [number for number in self._at.get(endpoint, ()) if self._dialogs[number].lives(first_ns, last_ns)]

    def _not_only_tails(self, numbers: list[int], first_ns: int, last_ns: int) -> list[int]:
        began = [one for one in numbers if self._dialogs[one].first_ns <= first_ns]
        if not began:
            return numbers
        return [one for one in numbers if one in began or last_ns - self._dialogs[one].first_ns > _TAIL_NS]

    def roots(self, numbers: Iterable[int]) -> frozenset[int]:
        """Return for each dialog the first of those that took over from each other."""
        return frozenset(self._root(number) for number in numbers)

    def _root(self, number: int) -> int:
        seen = set[int]()
        while (before := self._dialogs[number].handover_of) is not None and number not in seen:
            seen.add(number)
            number = before
        return number

    def listener(self, source: TransportAddress, destination: TransportAddress, numbers: Sequence[int]) -> Hashable:
        """Return who hears a stream of these dialogs; of none, its two ends stand for him."""
        for number in numbers:
            if (place := self._place(source, destination, number)) is not None:
                root = self._root(number)
                dialog, first = self._dialogs[number], self._dialogs[root]
                turned = dialog is not first and dialog.caller.uri != first.caller.uri
                return Listener(root, _other(place.by) if turned else place.by, place.line)
        return source, destination

    def _place(self, source: TransportAddress, destination: TransportAddress, number: int) -> AnnouncedFor | None:
        """Return which side of a dialog hears what goes between these addresses, and on which line."""
        if (place := self._at.get(destination, {}).get(number)) is not None:
            return place
        if (place := self._at.get(source, {}).get(number)) is not None:
            return AnnouncedFor(_other(place.by), place.line)
        dialog = self._dialogs[number]
        if dialog.caller.endpoint is None or _hosts(dialog) != {source.ip, destination.ip}:
            return None
        return AnnouncedFor(CALLER if dialog.caller.endpoint.ip == destination.ip else CALLEE, 0)

    def holds(self, source: TransportAddress, destination: TransportAddress, numbers: Sequence[int]) -> list[OnHold]:
        """Return when a stream's listener was on hold; nothing is known of one who hears several dialogs."""
        who = self.listener(source, destination, numbers)
        if len(numbers) != 1 or not isinstance(who, Listener) or who.dialog != numbers[0]:
            return []
        return [
            OnHold(one.begin_ns, LAST_NS if one.end_ns is None else one.end_ns, one.is_certain)
            for one in self._dialogs[who.dialog].holds
            if (one.listener, one.line) == (who.side, who.line)
        ]

    def ends_between(self, source: TransportAddress, destination: TransportAddress) -> list[tuple[int, int]]:
        """Return when a dialog with one of these addresses ended, and when the next one began after that."""
        numbers = {*self._at.get(source, ()), *self._at.get(destination, ())}
        dialogs = sorted((self._dialogs[number] for number in numbers), key=lambda one: one.first_ns)
        found = []
        for number, after in enumerate(dialogs):
            ends = [one.ended_ns for one in dialogs[:number]]
            if ends and None not in ends:
                last = max(one for one in ends if one is not None)
                if last <= after.first_ns:
                    found.append((last, after.first_ns))
        return found


def _other(side: str) -> str:
    return CALLER if side == CALLEE else CALLEE


def _hosts(dialog: SeenDialog) -> frozenset[str]:
    return frozenset(one.endpoint.ip for one in (dialog.caller, dialog.callee) if one.endpoint is not None)


def _announced(dialog: SeenDialog) -> Iterator[tuple[TransportAddress, AnnouncedFor]]:
    """Yield the addresses of a dialog, and what they are outside of a NAT that leaves ports as they are."""
    yield from dialog.addresses.items()
    for endpoint, place in dialog.addresses.items():
        party = dialog.caller if place.by == CALLER else dialog.callee
        if party.endpoint is not None and _is_private(endpoint.ip):
            yield TransportAddress(party.endpoint.ip, endpoint.port), place


_PRIVATE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
"""RFC 1918, RFC 6598."""


def _is_private(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return any(address in one for one in _PRIVATE)
