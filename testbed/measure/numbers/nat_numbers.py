"""What the NAT at the end of a link did, and what kept it from forgetting where signalling came from: `nats.LINK`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.numbers.number import Number, by_key

if TYPE_CHECKING:
    from testbed.measure.call.recording import Recording
    from testbed.measure.wire.nat_places import NatPlace

SIP_PORT = 5060
_HEADERS = 28
"""Bytes of the headers of IPv4 and UDP."""


class NatFacts(NamedTuple):
    """A run, and one of its NATs."""

    run: Recording
    nat: NatPlace

    @property
    def inner_ends(self) -> int:
        """How many ends inside were translated."""
        return len({inner for _, inner in self._mapped})

    @property
    def given_ends(self) -> int:
        """How many ports they had outside."""
        return len({given for given, _ in self._mapped})

    @property
    def refused(self) -> int:
        """How many packets were not let in."""
        return self.run.translations.refused[self.nat.link]

    @property
    def keep_alives(self) -> tuple[int, ...]:
        """How many bytes each had at the MN's interface: STUN, which no message of SIP begins as (RFC 5626 8)."""
        datagrams, capture = self.run.traffic.datagrams, self.run.traffic.capture
        name = self.run.manifest.mn.interfaces[self.nat.link]
        at = np.array([one.name == name for one in capture.interfaces] or [False])[capture.interface[datagrams.packet]]
        is_sip = np.array([one.port == SIP_PORT for one in datagrams.endpoints] or [False])
        rows = np.flatnonzero(at & is_sip[datagrams.source] & is_sip[datagrams.destination] & (datagrams.captured > 0))
        rows = rows[capture.data[datagrams.offset[rows]] <= 1]
        return tuple((datagrams.length[rows] + _HEADERS).tolist())

    @property
    def _mapped(self) -> set[tuple[object, object]]:
        return {
            (conversation.given, one.inner)
            for conversation, mapped in self.run.translations.conversations.items()
            if conversation.given.ip == self.nat.address
            for one in mapped
        }


NATS: dict[str, Number[NatFacts]] = by_key((
    Number("kind", "text", "", "nat_kind", "its kind, by the name in its file", lambda one: one.nat.kind),
    Number("inner_ends", "integer", "ends", "nat_inner_ends", "addresses and ports inside that it translated, of UDP",
           lambda one: one.inner_ends, "As the captures at both interfaces of its router show"),
    Number("given_ends", "integer", "ends", "nat_given_ends", "ports outside that it gave for them",
           lambda one: one.given_ends,
           "More than `inner_ends` where it gives another one for each other end, or has forgotten one"),
    Number("keep_alives", "integer", "packets", "nat_keep_alive_packets",
           "packets at the MN's interface that keep the mapping of signalling, and answers to them",
           lambda one: len(one.keep_alives), "STUN on the port of SIP (RFC 5626)"),
    Number("keep_alive_bytes", "integer", "bytes", "nat_keep_alive_bytes", "their bytes, with headers of IP and UDP",
           lambda one: sum(one.keep_alives)),
    Number("refused", "integer", "packets", "nat_refused_packets",
           "packets of UDP for its address that nobody inside got", lambda one: one.refused),
))  # fmt: skip
