"""What a call cost: the bytes that its packets were over each radio of the MN, and what the radios took.

`extra` is what a call over one path, from set-up to hanging up, would not have had: of each RTP packet all sightings at
the MN but the first, RTCP over a path that did not carry most of the speech at that time, and SIP of handovers and of
further dialogs. Bytes are those of IP packets, headers included; a SIP message counts as one, whatever carried it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.call.signalling import count_messages
from testbed.measure.capture.capture import NO_TIME
from testbed.measure.cost.radio_power import spent
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from testbed.measure.call.recording import Recording
    from testbed.measure.capture.capture import Booleans, Ints
    from testbed.measure.cost.radio_power import Spent

ETHERNET, ETHERNET_HEADER = 1, 14
IPV4_UDP, IPV6_UDP = 28, 48
"""Headers of a datagram, which are counted with a SIP message, whatever it came in."""
_IPV4, _IPV6 = 0x0800, 0x86DD
_SECOND_NS = 1_000_000_000
_LEAST_RTCP, _MOST_RTCP = 192, 223


class Load(NamedTuple):
    """What went one way over one radio."""

    packets: int
    bytes: int


class Expenses(NamedTuple):
    """Bytes over all radios, both ways: of the call as it would be over one path, beyond that, and of SIP in all."""

    once: int
    extra: int
    signalling: int


class CallCost:
    """Of a run, each part worked out once."""

    def __init__(self, run: Recording) -> None:
        self._run, self._capture = run, run.capture
        own = {name: link for link, name in run.manifest.mn.interfaces.items()}
        links = run.manifest.links
        radio = [links.index(own[one.name]) if one.name in own else -1 for one in self._capture.interfaces]
        self._radio = np.array(radio or [-1], dtype=np.int64)[self._capture.interface]
        self._is_up = np.zeros(len(self._capture), dtype=np.bool_)
        datagrams = run.traffic.datagrams
        ours = np.array([run.manifest.mn.has(one.ip) for one in datagrams.endpoints] or [False])
        self._is_up[datagrams.packet] = ours[datagrams.source]

    @property
    def links(self) -> tuple[str, ...]:
        """The radios."""
        return self._run.manifest.links

    @cached_property
    def _bytes(self) -> Ints:
        """The IP bytes of each packet at a radio; 0 for what is none."""
        data, offset = self._capture.data, self._capture.offset
        whole = (self._radio >= 0) & (self._capture.linktype == ETHERNET) & (self._capture.captured >= ETHERNET_HEADER)
        rows = np.flatnonzero(whole)
        at = offset[rows] + ETHERNET_HEADER - 2
        kind = data[at].astype(np.int64) << 8 | data[at + 1]
        found = np.zeros(len(self._capture), dtype=np.int64)
        is_ip = (kind == _IPV4) | (kind == _IPV6)
        found[rows[is_ip]] = self._capture.original[rows[is_ip]].astype(np.int64) - ETHERNET_HEADER
        return found

    def load(self, link: str, *, is_up: bool) -> Load:
        """Return what went over a radio: all IP packets, those of UDP that the MN sent up, all others down."""
        mine = (self._radio == self._run.manifest.links.index(link)) & (self._bytes > 0) & (self._is_up == is_up)
        return Load(int(mine.sum()), int(self._bytes[mine].sum()))

    @cached_property
    def span_ns(self) -> tuple[int, int] | None:
        """From the first packet at any radio to the last one; None without any."""
        times = self._capture.time_ns[(self._bytes > 0) & (self._capture.time_ns != NO_TIME)]
        return (int(times.min()), int(times.max())) if len(times) else None

    def spent(self, link: str) -> Spent | None:
        """Return what a radio took; None where nobody knows what it takes, and where nothing was captured."""
        states = self._run.manifest.radios.get(link)
        if not states or self.span_ns is None:
            return None
        mine = (self._radio == self._run.manifest.links.index(link)) & (self._bytes > 0)
        return spent(np.sort(self._capture.time_ns[mine]), states, self.span_ns)

    @cached_property
    def expenses(self) -> Expenses:
        """What the call's packets were, in bytes."""
        signalling, of_handovers = self._signalling()
        once, extra = signalling - of_handovers, of_handovers
        for packets, is_extra in (self._media(), self._reports()):
            extra += int(self._bytes[packets[is_extra]].sum())
            once += int(self._bytes[packets[~is_extra]].sum())
        return Expenses(once, extra, signalling)

    @property
    def tunnel_bytes_per_packet(self) -> float | None:
        """Return what RTP packets at the radios have around their own IP header, on average; None without any."""
        datagrams = self._run.traffic.datagrams
        own = np.zeros(len(self._capture), dtype=np.int64)
        is_ip6 = np.array([":" in one.ip for one in datagrams.endpoints] or [False])
        own[datagrams.packet] = datagrams.length + np.where(is_ip6[datagrams.source], IPV6_UDP, IPV4_UDP)
        packets, _ = self._media()
        whole = packets[(self._bytes[packets] > 0) & (own[packets] > 0)]
        return round(float((self._bytes[whole] - own[whole]).mean()), 3) if len(whole) else None

    def _media(self) -> tuple[Ints, Booleans]:
        """Return the RTP packets at the radios, and which of them the MN had sent or got before."""
        packets, extra = [], []
        for seen in (self._run.media["to_mn"].received, self._run.media["to_cn"].sent):
            packets.append(self._run.traffic.rtp.packet[seen.row])
            extra.append(~stream_numbers.first_arrivals(seen.key))
        return np.concatenate(packets), np.concatenate(extra)

    def _reports(self) -> tuple[Ints, Booleans]:
        """Return the RTCP packets at the radios, and which of them went over a path that carried less of the speech."""
        datagrams, data = self._run.traffic.datagrams, self._capture.data
        rows = np.flatnonzero((self._radio[datagrams.packet] >= 0) & (datagrams.captured >= 2))
        at = datagrams.offset[rows]
        kind = data[at + 1]
        is_rtcp = (data[at] >> 6 == 2) & (kind >= _LEAST_RTCP) & (kind <= _MOST_RTCP)
        packets: Ints = datagrams.packet[rows[is_rtcp]]
        return packets, self._radio[packets] != self._main_at(self._capture.time_ns[packets])

    def _main_at(self, times: Ints) -> Ints:
        """Return the radio that carries the call at these times: that of most new RTP in the second."""
        media, extra = self._media()
        media = media[~extra]
        if not len(media):
            return np.full(len(times), -1, dtype=np.int64)
        start_ns = int(self._capture.time_ns[media].min())
        second = (self._capture.time_ns[media] - start_ns) // _SECOND_NS
        counts = np.zeros((int(second.max()) + 1, len(self._run.manifest.links)), dtype=np.int64)
        np.add.at(counts, (second, self._radio[media]), 1)
        main = counts.argmax(axis=1)
        for number in range(1, len(main)):
            if not counts[number].any():
                main[number] = main[number - 1]
        at: Ints = main[np.clip((times - start_ns) // _SECOND_NS, 0, len(main) - 1)]
        return at

    def _signalling(self) -> tuple[int, int]:
        """Return the bytes of SIP at the radios, and those of them that are of handovers and further dialogs."""
        counted = count_messages(self._run.messages, self._run.handovers)
        invites = [one.message for one in counted if one.message.is_request and one.message.method == "INVITE"]
        byes = [one.message.call_id for one in counted if one.message.is_request and one.message.method == "BYE"]
        further = {one.call_id for one in invites} - {one.call_id for one in invites[:1]}
        extra = [
            one.handover is not None
            or (one.message.call_id not in byes[-1:] if one.message.method == "BYE" else one.message.call_id in further)
            for one in counted
        ]
        sizes = [one.message.size + (IPV6_UDP if ":" in one.message.source.ip else IPV4_UDP) for one in counted]
        return sum(sizes), sum(size for size, is_extra in zip(sizes, extra, strict=True) if is_extra)
