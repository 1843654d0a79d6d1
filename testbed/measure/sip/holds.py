"""When a side of a dialog was on hold: its descriptions, or the other's, said that nothing is to be sent to it.

RFC 3264, 8.4: by a direction; RFC 2543's way is the address 0.0.0.0. Who offers to send only (music on hold) may also
send nothing.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.sip.announced import medias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.sdp.description import Media
    from testbed.measure.sip.scan import SipMessage

SIDES = ("caller", "callee")


class SeenHold(NamedTuple):
    """From `begin_ns` on, to `end_ns` (None: to the end), nothing was to be sent to `listener` on this m= line.

    `is_certain` is False where the other side might have sent, and only said that it does not want to hear.
    """

    listener: str
    line: int
    begin_ns: int
    end_ns: int | None
    is_certain: bool


@dataclass(slots=True)
class _Way:
    """What a side last said of a line of its description."""

    hears: bool = True
    speaks: bool = True


def find_holds(
    messages: Iterable[SipMessage], by: Callable[[SipMessage], str], is_in_force: Callable[[SipMessage], bool]
) -> list[SeenHold]:
    """Return the holds of a dialog, in order of their beginnings; `by` says who sent a message.

    `is_in_force` says whether a description came to be in force: an offer that was refused did not.
    """
    ways: dict[tuple[str, int], _Way] = {}
    open_ones: dict[tuple[str, int], SeenHold] = {}
    found: list[SeenHold] = []
    for message in messages:
        if not message.body or not is_in_force(message):
            continue
        for line, media in enumerate(medias(message.body)):
            ways[by(message), line] = _way(media)
            mine = {side: ways.get((side, line), _Way()) for side in SIDES}
            for listener, sender in (SIDES, SIDES[::-1]):
                is_silent = not (mine[listener].hears and mine[sender].speaks)
                is_held = is_silent or not mine[sender].hears
                known = open_ones.pop((listener, line), None)
                if known is not None and is_held and known.is_certain == is_silent:
                    open_ones[listener, line] = known
                    continue
                if known is not None:
                    found.append(known._replace(end_ns=message.time_ns))
                if is_held:
                    open_ones[listener, line] = SeenHold(listener, line, message.time_ns, None, is_silent)
    return sorted([*found, *open_ones.values()], key=lambda one: (one.begin_ns, one.listener, one.line))


def _way(media: Media) -> _Way:
    if not media.port:
        return _Way(hears=False, speaks=False)
    hears = media.direction in {"sendrecv", "recvonly"} and not _is_unspecified(media.address)
    return _Way(hears, media.direction in {"sendrecv", "sendonly"})


def _is_unspecified(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_unspecified
    except ValueError:
        return False
