"""What is left of packets behind the headers that were read, as arrays, and what was found on the way.

A header is read by a function of the buffer, the packets that have it next, and the findings; it returns those that
have another one behind it. Which function reads what stands in tables: `link_types`, `ethernet`, `ppp`, `wlan`,
`internet`, `tunnels`, `udp_tunnels`; `peeling` goes from one to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Bytes, Ints

LINK, PROTOCOL, PPP, OTHER = (number << 16 for number in (1, 2, 3, 4))
"""What comes next in a packet: an EtherType as it is, LINK + a link type of tcpdump.org, PROTOCOL + IP's number of it,
PPP + PPP's, OTHER + ours of what has none."""

LLC, DATAGRAM, FRAMED, HEP = (OTHER + number for number in range(4))
"""IEEE 802.2; a UDP datagram, with its payload next; media that is framed in one (its 16-bit length right before it);
a datagram of HEP."""
ERSPAN_2, ERSPAN_3 = OTHER + 4, OTHER + 5
UDP_TUNNELS = OTHER + 16
ETHERNET, RAW = LINK + 1, LINK + 101
SEGMENT, UDP = PROTOCOL + 6, PROTOCOL + 17


@dataclass(frozen=True, slots=True)
class Peeled:
    """Of each packet: its row, where its next header begins and of what kind that is, where the data end.

    `ip` is where its last IP header begins, `ports` where its last UDP header does, each once it was found. `fragment`:
    only the first piece of an IP packet is here.
    """

    row: Ints
    at: Ints
    kind: Ints
    end: Ints
    ip: Ints
    ports: Ints
    fragment: Booleans

    def __len__(self) -> int:
        return len(self.row)

    def pick(self, which: NDArray[Any]) -> Peeled:
        """Return the packets that a mask or a list of positions names."""
        if which.dtype == np.bool_ and which.all():
            return self
        return Peeled(*(getattr(self, one.name)[which] for one in fields(self)))

    def next(self, size: Ints | int, kind: Ints | int, **others: Any) -> Peeled:  # noqa: ANN401 - columns
        """Return the packets behind a header of `size` bytes, with what comes then."""
        kinds = np.full(len(self), kind, dtype=np.int64) if isinstance(kind, int) else kind
        return replace(self, at=self.at + size, kind=kinds, **others)


def together(parts: Sequence[Peeled]) -> Peeled:
    """Return the packets of all of these, one part behind the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        nothing = np.empty(0, dtype=np.int64)
        return Peeled(nothing, nothing, nothing, nothing, nothing, nothing, np.empty(0, dtype=np.bool_))
    return Peeled(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Peeled)))


def in_order(layer: Peeled) -> Peeled:
    """Return the packets in the capture's order."""
    if (layer.row[1:] >= layer.row[:-1]).all():
        return layer
    return layer.pick(np.argsort(layer.row, kind="stable"))


@dataclass(slots=True)
class Findings:
    """What was found in packets beside datagrams.

    `unread` counts those in which media may be that nobody has seen, `others` those that have none, both by reason;
    `encapsulations` those that came in something. `pieces` are IP fragments. `hidden` are the datagrams of which all
    but the beginning is encrypted, where somebody wants them: they are among the unread, too. `in_esp` are the rows of
    packets that were in ESP and could be read.
    """

    unread: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    encapsulations: Counter[str] = field(default_factory=Counter)
    pieces: list[Peeled] = field(default_factory=list)
    hidden: list[Peeled] | None = None
    in_esp: list[Ints] = field(default_factory=list)

    def keep(self, layer: Peeled, good: Booleans, reason: str) -> Peeled:
        """Return the packets that are good; the others are unread for this reason."""
        kept = layer.pick(good)
        self.unread[reason] += len(layer) - len(kept)
        return kept

    def whole(self, layer: Peeled, size: int, name: str) -> Peeled:
        """Return the packets of whose next header, called `name`, `size` bytes were captured."""
        return self.keep(layer, layer.at + size <= layer.end, f"cut off in the {name} header")

    def without(self, layer: Peeled, here: Booleans, what: str) -> Peeled:
        """Return the packets but for those that are something in which there is no media."""
        kept = layer.pick(~here)
        self.others[what] += len(layer) - len(kept)
        return kept


Reader = Callable[["Bytes", Peeled, Findings], Peeled]


class Step(NamedTuple):
    """How what comes next is read; `name` is what it is told as, "" where it is what all packets come in."""

    read: Reader
    name: str = ""
