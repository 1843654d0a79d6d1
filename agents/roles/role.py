"""What every role is for its driver: datagrams, reports and times in; datagrams, commands and one timer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from agents.roles.kernel_orders import KernelOrder

if TYPE_CHECKING:
    from agents.sip.message.address import Address, Datagram


class Open(NamedTuple):
    """Bind a UDP socket to this address, and listen there for TCP too: what is for SIP is for both (RFC 3261 18.2.1).

    One for media is for UDP alone, and so is one that says how many hops its datagrams have (RFC 3024 3.2: 255). What
    arrives on a patient one is handed over when the role wakes for another reason, at the latest 20 ms after it came,
    and with the time at which the kernel got it. So speech, of which nothing follows at once, wakes nobody.
    """

    local: Address
    is_patient: bool = False
    is_media: bool = False
    hop_limit: int | None = None


class Close(NamedTuple):
    """Give this address back."""

    local: Address


class Splice(NamedTuple):
    """Pass on what comes to `local` from `source`, at once and as it is, without asking the role.

    `ways` are pairs of an address of ours, to send from, and where to. Without any the role is asked again.
    """

    local: Address
    source: Address
    ways: tuple[tuple[Address, Address], ...]


class Attach(NamedTuple):
    """Have the radio get onto this link's network."""

    link: str


class HearQuenches(NamedTuple):
    """Report every ICMP Source Quench that comes: `{"report": "icmp", "data": …}`, the packet's bytes."""


class HearMobility(NamedTuple):
    """Report every mobility header that comes: `{"report": "mobility", "packet": …}`, a `MobilityPacket`."""


class MobilityPacket(NamedTuple):
    """Send this mobility header (RFC 6275 6.1), from and to these addresses of the IPv6 header on the wire.

    The mobile node's home address may stand beside it: `source_home` in a home address option (6.3), in what the node
    sends; `destination_home` in a type 2 routing header (6.4), in what it gets. `interface`: where it came in, or has
    to leave; "": where the routes say.
    """

    source: str
    destination: str
    message: bytes
    source_home: str = ""
    destination_home: str = ""
    interface: str = ""


class HearNeighbours(NamedTuple):
    """Report ICMPv6 of these types that comes: `{"report": "neighbour", "packet": …}`, a `NeighbourPacket`."""

    kinds: tuple[int, ...]


class NeighbourPacket(NamedTuple):
    """Send this ICMPv6 message (RFC 4861, RFC 2710, RFC 5568 6.1) by this interface, with so many hops; or it came so.

    The system makes its checksum, and chooses the `source` where that is empty.
    """

    source: str
    destination: str
    message: bytes
    interface: str
    hops: int = 255


class HearLinks(NamedTuple):
    """Report IPv4 that comes by these interfaces, with its frame's sender: `{"report": "link", "packet": …}`.

    ICMP of these types, and datagrams to this UDP port; 0: none. Nobody has looked yet whether routes would let it in.
    """

    interfaces: tuple[str, ...]
    icmp_types: tuple[int, ...]
    udp_port: int = 0


class LinkPacket(NamedTuple):
    """Send this by an interface in a frame to `link_layer`, whatever routes say; or it came so, from there.

    With `ports`, of source and destination, it is a UDP datagram, else an ICMP message; `hops` are those of its header.
    """

    interface: str
    link_layer: bytes
    source: str
    destination: str
    hops: int
    data: bytes
    ports: tuple[int, int] | None = None


class Tell(NamedTuple):
    """Something for the timeline of the run: an event and its facts, which are JSON."""

    event: str
    facts: dict[str, Any]


def is_plain(fact: object) -> bool:
    """Whether a fact of a `Tell` is JSON."""
    if isinstance(fact, dict):
        return all(isinstance(name, str) and is_plain(one) for name, one in fact.items())
    if isinstance(fact, list | tuple):
        return all(map(is_plain, fact))
    return fact is None or isinstance(fact, str | int | float)


class Note(NamedTuple):
    """A detail for the agent's own log, such as a change of a state machine."""

    text: str


Command = (
    Open
    | Close
    | Splice
    | Attach
    | HearQuenches
    | HearMobility
    | MobilityPacket
    | HearNeighbours
    | NeighbourPacket
    | HearLinks
    | LinkPacket
    | Tell
    | Note
    | KernelOrder
)


class LinkChange(NamedTuple):
    """What the kernel says of an interface: its carrier, its addresses, whether a default route leads through it."""

    interface: str
    is_up: bool
    addresses: frozenset[str]
    is_routed: bool


class Role(Protocol):
    """A node's part in the call. `now` is in seconds of one monotonic clock, and never goes back."""

    def start(self, *, now: float) -> None:
        """Scenario time zero is at `now`, which may lie ahead."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """A datagram that arrived on one of the sockets, or a message that did on a connection.

        `came`: when the kernel got it, for media, whose delays count; None: it makes no difference.
        """

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this; without data: the connection to its remote address is gone."""

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A line from the radio."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The kernel's news of an interface."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
