"""What the captures and logs of a run say that is needed to judge attacks; noise is told from speech by its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.rtp.duplicates import DuplicateFilter
from agents.rtp.packet import PCMU, RtpPacket, RtpParseError
from testbed.attacks.families.sip_and_rtp import NOISE
from testbed.attacks.tried import PLACES, Span
from testbed.measure.call.direction import directions
from testbed.measure.call.recording import Traffic
from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import read_events, read_hosts, read_manifest, scenario_start_ns
from testbed.measure.listening.playout import listen
from testbed.measure.rtp.streams import RtpPackets

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.call.direction import Direction
    from testbed.measure.listening.playout import Heard
    from testbed.measure.wire.packets import TransportAddress

REFUSED = frozenset({"registration_refused", "binding_refused", "discarded"})
_CHALLENGED = re.compile(r"^(\d+\.\d+) (\w+) \S+ challenged$", re.MULTILINE)


class Packet(NamedTuple):
    """An RTP packet at one host."""

    time_ns: int
    host: str
    source: TransportAddress
    target: TransportAddress
    is_noise: bool
    data: bytes


class Taken(NamedTuple):
    """A packet that an end of the call took for the other's speech, as the first copy of it."""

    time_ns: int
    host: str
    is_noise: bool
    number: tuple[int, int]


@dataclass(frozen=True)
class Suffered:
    """What the call suffered, both directions together; `silent_ms` is how long a listener had nothing to hear."""

    lost: int
    late: int
    silent_ms: float


class Evidence:
    """One run folder."""

    def __init__(self, folder: Path) -> None:
        """Reads it; raises RunError or CaptureError for one that cannot be read."""
        self.folder = folder
        self.events = read_events(folder)
        hosts, self._manifest = read_hosts(folder), read_manifest(folder)
        mobile = self._manifest.mn
        kept = {mobile.kept} - {None}
        self._addresses = {host.name: host.addresses | (kept if host.name == "mn" else set()) for host in hosts}
        host_of = {name: host.name for host in hosts for name in host.interfaces}
        inside = {mobile.inside: "mn"} if mobile.inside is not None else {}
        self._capture = RunCaptures(folder).at({**host_of, **inside})
        self._hosts = [{**host_of, **inside}[one.name or ""] for one in self._capture.interfaces]
        self.start_ns = scenario_start_ns(self.events, self._capture)
        traffic = Traffic(self._capture, self._manifest)
        self.sip = [(self._hosts[one.interface], one) for one in traffic.messages]
        self._datagrams, self._rtp = traffic.datagrams, traffic.rtp

    @cached_property
    def rtp(self) -> list[Packet]:
        """All RTP at the hosts, in order of time."""
        rtp, ends, known, whole = self._rtp, self._rtp.endpoints, self._datagrams, self._capture.data
        places = zip(known.packet.tolist(), known.offset.tolist(), known.captured.tolist(), strict=True)
        payloads = {packet: whole[at : at + size].tobytes() for packet, at, size in places}
        found = []
        for row in range(len(rtp)):
            data = payloads[int(rtp.packet[row])]
            place = int(rtp.time_ns[row]), self._hosts[rtp.interface[row]]
            source, target = ends[rtp.source[row]], ends[rtp.destination[row]]
            found.append(Packet(*place, source, target, data.endswith(NOISE), data))
        return found

    def noise_from(self, host: str, span: Span) -> int:
        """How many of the attacker's packets left the host that he is at."""
        return sum(one.is_noise and one.host == host and one.time_ns in span for one in self.rtp)

    def noise_to(self, host: str, span: Span) -> int:
        """How many of them came to a host."""
        return sum(one.is_noise and one.host == host and one.time_ns in span for one in self._received)

    def reached_attacker(self, span: Span) -> int:
        """How many packets of the call went to him."""
        his = {address for one in PLACES.values() for address in (one.attacker, one.neighbour)}
        return sum(one.target.ip in his and not one.is_noise and one.time_ns in span for one in self.rtp)

    def flows(self, span: Span) -> bool:
        """Whether speech came to both ends."""
        return all(
            bool(((one.received.time_ns >= span.since) & (one.received.time_ns < span.until)).any())
            for one, _ in self._media
        )

    def heard(self, span: Span) -> tuple[int, int]:
        """How many packets of noise an end took for the other's speech, and how many of speech gave way to them."""
        noise = sum(one.is_noise and one.time_ns in span for one in self._taken)
        came = {
            (one.host, number_of(one))
            for one in self._received
            if not one.is_noise and one.time_ns in span and one.host in {"mn", "cn"}
        }
        return noise, len(came - {(one.host, one.number) for one in self._taken if not one.is_noise})

    def strays(self, host: str) -> int:
        """Noise that came to a host by another way than speech."""
        return sum(one.is_noise and one.host == host and _way(one) not in self._ways for one in self._received)

    def told_strays(self, host: str) -> int:
        """How many such packets its agents say that they have thrown away."""
        agents = {"home": "b2bua"}
        said = [one for one in self.events if one.name == "stray_media" and one.source == agents.get(host, host)]
        return sum(int(one.fields["packets"]) for one in said)

    def told(self, agent: str, method: str, status: int, span: Span) -> int:
        """How many requests an agent's log says that it has refused, or challenged."""
        refused = [
            one
            for one in self.events
            if (one.name, one.source, one.time_ns in span) == ("refused", agent, True)
            and (one.fields["method"], one.fields["status"]) == (method, status)
        ]
        log = (self.folder / "logs" / f"{agent}.log").read_text()
        challenged = [
            name
            for at_s, name in _CHALLENGED.findall(log)
            if name == method and self.start_ns + round(float(at_s) * 1e9) in span
        ]
        return len(refused) + len(challenged) * (status in {401, 407})

    def told_refused(self, agent: str, span: Span) -> int:
        """How many messages below the call an agent says that it has refused, or thrown away."""
        return sum((one.source, one.time_ns in span) == (agent, True) and one.name in REFUSED for one in self.events)

    def suffered(self, span: Span) -> Suffered:
        """What the call suffered; noise is left out, as if it had not been there."""
        lost = late = 0
        silent_s = 0.0
        for direction, heard in self._media:
            arrived = set(direction.received.key.tolist())
            lost += sum(at in span and key not in arrived for key, at in direction.first_sent_ns.items())
            if heard is not None:
                since, until = ((at - heard.origin_ns) / 1e9 for at in span)
                silent_s += heard.concealed_s(since, until)
                new = direction.new
                inside = (new.time_ns >= span.since) & (new.time_ns < span.until)
                late += int((np.isin(new.key, [one.sequence for one in heard.late]) & inside).sum())
        return Suffered(lost, late, round(silent_s * 1e3, 1))

    # -- inside -------------------------------------------------------------------------------------------------------

    @cached_property
    def _received(self) -> list[Packet]:
        return [one for one in self.rtp if one.target.ip in self._addresses[one.host]]

    @cached_property
    def _ways(self) -> set[tuple[TransportAddress, TransportAddress]]:
        """From where to where speech goes. What takes another way is no end's, and counted as stray."""
        return {_way(one) for one in self._received if not one.is_noise}

    @cached_property
    def _taken(self) -> list[Taken]:
        """What the ends' own filter makes of what came: the first copies of one stream at a time."""
        found = []
        for host in ("mn", "cn"):
            copies, newest = DuplicateFilter((PCMU,)), -1
            for one in self._received:
                if one.host != host or _way(one) not in self._ways:
                    continue
                at_s = (one.time_ns - self.start_ns) / 1e9
                try:
                    came = RtpPacket.parse(one.data)
                except RtpParseError:
                    continue  # the end takes nothing of it either
                for arrival in copies.receive(came, path=str(one.target), now=at_s):
                    newest = max(newest, arrival.stream)
                    if not arrival.duplicate and arrival.stream == newest:
                        packet = arrival.packet
                        number = (packet.ssrc, int(packet.sequence))
                        found.append(Taken(one.time_ns, host, packet.data.endswith(NOISE), number))
        return found

    @cached_property
    def _media(self) -> list[tuple[Direction, Heard | None]]:
        manifest = self._manifest
        speech = np.array([not one.is_noise for one in self.rtp], dtype=np.bool_)
        columns = {one.name: getattr(self._rtp, one.name) for one in fields(RtpPackets)}
        rtp = RtpPackets(**{name: col if name == "endpoints" else col[speech] for name, col in columns.items()})
        return [(one, listen(one, manifest.interval_ns)) for one in directions(self._capture, rtp, manifest).values()]


def number_of(packet: Packet) -> tuple[int, int]:
    """SSRC and sequence number (RFC 3550 5.1)."""
    return int.from_bytes(packet.data[8:12], "big"), int.from_bytes(packet.data[2:4], "big")


def _way(packet: Packet) -> tuple[TransportAddress, TransportAddress]:
    return packet.source, packet.target
