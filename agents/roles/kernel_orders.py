"""What a role that moves addresses wants of its kernel; `agents.io.netlink_orders` carries it out.

Each says how things are from now on, whatever they were before; but a tunnel's name has to be new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agents.sip.message.address import Address


class SetTunnel(NamedTuple):
    """An interface of this name whose packets go as IP in IP (RFC 2003, RFC 2473) from `local` to `remote`."""

    name: str
    local: str
    remote: str


class DropTunnel(NamedTuple):
    """No interface of this name any more."""

    name: str


class OwnAddress(NamedTuple):
    """This address is the node's own, and leaves by this interface as long as nothing else is said.

    Programs that choose no address have it, if it is `for_programs`: one that tunnels alone begin at is not.
    """

    address: str
    interface: str
    for_programs: bool = True


class SendBy(NamedTuple):
    """What the node sends from its own `address` leaves by this interface."""

    address: str
    interface: str


class Intercept(NamedTuple):
    """The node takes what is sent to `address` on the network of this interface, in the name of who has it.

    It answers for it (ARP: RFC 1027; neighbour discovery: RFC 6275 10.4.1), says so unasked, passes on what it gets.
    """

    address: str
    interface: str


class Deliver(NamedTuple):
    """What is for `address` leaves by these interfaces, a copy by each; without any, nothing does."""

    address: str
    interfaces: tuple[str, ...]


class OnlyFrom(NamedTuple):
    """What comes by this interface from any other address is dropped (RFC 3024 4.3.2, RFC 6275 10.4.5)."""

    interface: str
    address: str


class CopyOnto(NamedTuple):
    """What leaves by this interface leaves by these ones too, as it is."""

    interface: str
    onto: tuple[str, ...]


class SetWireguard(NamedTuple):
    """A WireGuard interface of this name with one peer, to which everything goes that is sent by it.

    It may be there already. Keys are 32 bytes. Without an `endpoint` the peer is where its last packet came from.
    """

    name: str
    private_key: bytes
    port: int
    peer: bytes
    endpoint: Address | None


class Greet(NamedTuple):
    """A WireGuard interface says to its peer that it is there: now, and whenever it had nothing to say for a while."""

    name: str
    peer: bytes


class RouteLike(NamedTuple):
    """What is sent to this UDP port of `remote` leaves where packets from the node's own `address` leave."""

    remote: Address
    address: str


class SetLogical(NamedTuple):
    """An interface of this name that leads nowhere: what is sent by it is lost, unless something takes it before.

    IPsec does. And an address on it is there whatever link is used (RFC 7847 3).
    """

    name: str


class RouteTo(NamedTuple):
    """What is sent to `remote` leaves where packets from the node's own `address` leave, and from it if from none."""

    remote: str
    address: str


class SendLike(NamedTuple):
    """What the node sends from its own `address` leaves by the way out of its other address `like`.

    In packets of at most `mtu` bytes, if that is said.
    """

    address: str
    like: str
    mtu: int | None = None


class ServeNode(NamedTuple):
    """A router has a node of another network on its link: `address` is at this interface, by this link-layer address.

    What comes for it by the `tunnel` is handed over there, and what it sends leaves by the tunnel; nothing else comes
    out of the tunnel but what is for others that are served by it (RFC 5213 6.10.5, RFC 5944 4.2.2).
    """

    address: str
    interface: str
    link_layer: bytes
    tunnel: str


class NoLongerServe(NamedTuple):
    """That node is not on the link any more."""

    address: str
    interface: str
    tunnel: str


class ReachRouter(NamedTuple):
    """What the node sends from its own `address` to this router leaves by this interface, in a frame to `link_layer`.

    Nobody on that link is asked for a link-layer address, nor told that of `address` (RFC 5944 4.6).
    """

    address: str
    router: str
    interface: str
    link_layer: bytes


class SendByRouter(NamedTuple):
    """What the node sends from its own `address` leaves by a router that it reaches, in packets of at most `mtu`."""

    address: str
    router: str
    interface: str
    mtu: int


class BeAtHome(NamedTuple):
    """The node is on the network of its own `address`: it answers for it there, says so unasked, and uses its router.

    RFC 5944 4.6: until it leaves home.
    """

    address: str
    router: str
    interface: str


class LeaveHome(NamedTuple):
    """The node answers on this interface for addresses of other interfaces no longer (RFC 5944 4.6)."""

    interface: str


class GiveBack(NamedTuple):
    """What is sent to `address` on the network of this interface is for who has it, at `link_layer`, again.

    Nobody answers in its name any more, and that is said unasked (RFC 5944 4.6).
    """

    address: str
    interface: str
    link_layer: bytes


class LetInUpdates(NamedTuple):
    """Binding Updates to `address` are let in, whatever home address their option has (RFC 6275 9.3.1)."""

    address: str


class LetInRouted(NamedTuple):
    """What has a type 2 routing header with this home address of the node's own is let in (RFC 6275 6.4, 11.3.3)."""

    home: str


class RouteDirectly(NamedTuple):
    """Packets between `home` and `correspondent` go straight to and from `care_of` (RFC 6275 9.3.2, 11.3.1).

    At the mobile node what it sends has a home address option; at the correspondent that is taken from this care-of
    address alone, and what is sent has a type 2 routing header. None: they go as any others.
    """

    home: str
    correspondent: str
    care_of: str | None
    is_mobile: bool


class Detour(NamedTuple):
    """`address` is the node's own on this interface too, by which all leaves that has it as its source.

    So it is until that interface is no more.
    """

    address: str
    interface: str


class HoldBack(NamedTuple):
    """What `source` sends to `destination` in tunnels is held where it would leave by this interface.

    So much of it, in bytes as they are on the wire: the rest is dropped. Other packets pass.
    """

    interface: str
    source: str
    destination: str
    most_bytes: int


class LetGo(NamedTuple):
    """What has been held at this interface leaves, and what comes from now on; or, not `delivers`, it is dropped.

    The kernel's answer is reported: `{"report": "held", "packets": …, "bytes": …, "overflowed": …}`.
    """

    interface: str
    delivers: bool


KernelOrder = (
    SetTunnel
    | DropTunnel
    | OwnAddress
    | SendBy
    | Intercept
    | Deliver
    | OnlyFrom
    | CopyOnto
    | LetInUpdates
    | LetInRouted
    | RouteDirectly
    | SetWireguard
    | Greet
    | RouteLike
    | SetLogical
    | SendLike
    | ServeNode
    | NoLongerServe
    | ReachRouter
    | SendByRouter
    | BeAtHome
    | LeaveHome
    | GiveBack
    | RouteTo
    | Detour
    | HoldBack
    | LetGo
)
