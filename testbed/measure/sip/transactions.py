"""SIP requests paired with their final responses, as one capture interface saw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.sip.scan import SipMessage


@dataclass(slots=True)
class SeenTransaction:
    """One request with what answered it; `final` is None when no final response was seen.

    `repeats` is how often the request was seen again: its retransmissions, where the interface is the client's.
    """

    request: SipMessage
    final: SipMessage | None = None
    repeats: int = 0

    @property
    def asked_ns(self) -> int:
        """When the first request was seen."""
        return self.request.time_ns

    @property
    def answered_ns(self) -> int | None:
        """When the first final response was; None without one."""
        return None if self.final is None else self.final.time_ns

    @property
    def took_ns(self) -> int | None:
        """Nanoseconds from the first request to the first final response."""
        return None if self.final is None else self.final.time_ns - self.request.time_ns

    @property
    def succeeded(self) -> bool:
        """Whether the final response was a 2xx."""
        return self.final is not None and self.final.is_success


def pair(messages: Iterable[SipMessage]) -> list[SeenTransaction]:
    """Return the transactions in `messages` (in order of time), each interface on its own, in order of their requests.

    ACK has no response and is no transaction here (RFC 3261, 17.1.1.3 and 13.2.2.4). A final response counts only on
    the interface that saw its request, and only when it goes the other way.
    """
    found: dict[tuple[object, ...], SeenTransaction] = {}
    for message in messages:
        if message.method == "ACK":
            continue
        if message.is_request:
            key = (message.interface, message.transaction, message.source.ip, message.destination.ip)
            known = found.get(key)
            if known is None:
                found[key] = SeenTransaction(message)
            else:
                known.repeats += 1
        elif message.is_final:
            key = (message.interface, message.transaction, message.destination.ip, message.source.ip)
            known = found.get(key)
            if known is not None and known.final is None:
                known.final = message
    return list(found.values())


def across_interfaces(transactions: Iterable[SeenTransaction]) -> list[SeenTransaction]:
    """Return each transaction once: as the interface saw it that saw its request first, the one nearest the client."""
    nearest: dict[tuple[object, ...], SeenTransaction] = {}
    for one in transactions:
        key = (one.request.transaction, one.request.source.ip, one.request.destination.ip)
        known = nearest.get(key)
        if known is None or one.request.time_ns < known.request.time_ns:
            nearest[key] = one
    return sorted(nearest.values(), key=lambda one: (one.request.time_ns, one.request.cseq, one.request.method))
