"""Media by way of a TURN server in the home network: where they are taken, and how they go there (RFC 8656, 8016).

For whoever talks and listens, an allocation is one more address of ours: what leaves from it goes to the server over
the link that the allocation is on, what comes from the server comes to it. So a move changes nothing above. RTP has
one allocation, RTCP the one on the next port up (RFC 3550 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.media.reports import control_of
from agents.sip.message.address import Address, Datagram
from agents.turn.allocation import Allocated, Allocation, AllocationLost, AllocationMoved, MoveRefused
from agents.turn.turn_credentials import TurnCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from agents.roles.mn.call.links import Link

# A caller waits no longer for a server that says nothing: it has been asked three times (RFC 8489 6.2.1).
PATIENCE_S = 3.5


class RelayedMedia:
    """The two allocations of one call. It is asked for once; what it has come to, `address` says."""

    def __init__(
        self, server: dict[str, Any], port: int, random: Random, open_at: Callable[[Address], None],
        tell: Callable[..., None],
    ) -> None:  # fmt: skip
        """`server` is its address, port, and what it knows us by; `port`, an even one, is ours on every link.

        `open_at` has an address and the next one up opened.
        """
        self._server = Address(server["address"], server["port"])
        who = server["user"], server["password"], server["realm"]
        self._media, self._control = (Allocation(self._server, TurnCredentials(*who), random) for _ in range(2))
        self._port, self._open_at, self._tell = port, open_at, tell
        self._peer_ip = ""
        self._give_up_at: float | None = None
        self._link: Link | None = None
        #: Where a description says that media are taken; None where there is no allocation, or is none any more.
        self.address: Address | None = None
        #: Whether there is nothing to wait for before a call is made.
        self.is_settled = False
        #: Whether the server would not have us move.
        self.is_refused = False

    @property
    def is_moving(self) -> bool:
        """Whether the server has not yet been seen to have media where they are sent from."""
        return self._media.is_moving

    # -- what a call can do --------------------------------------------------------------------------------------------

    def ask(self, link: Link, peer_ip: str, *, now: float) -> None:
        """Asks for addresses over this link, which a peer may send to; the first time."""
        if self._link is None:
            self._link, self._peer_ip, self._give_up_at = link, peer_ip, now + PATIENCE_S
            self._media.allocate(self._open(link), now=now)

    def bind(self, peer: Address, *, now: float) -> None:
        """This is where the peer takes media."""
        if self.address is not None:
            self._media.bind(peer, now=now)
            self._control.bind(control_of(peer), now=now)

    def move(self, link: Link, *, now: float) -> bool:
        """From now on media go over this link; False where the server has nothing to know us by there."""
        if self.address is None or not self._media.is_mobile:
            return False
        self.is_refused = False
        here = self._open(link)
        self._control.move(control_of(here), now=now)
        return self._media.move(here, now=now)

    def stay(self) -> None:
        """The move has come to nothing: media go where they went before."""
        self._media.stay()
        self._control.stay()

    def leave(self) -> None:
        """Media are somewhere else from now on; what still comes is taken."""
        self.stay()
        self.address = None

    def release(self, *, now: float) -> None:
        """The call is over."""
        self._give_up_at = None
        self._media.release(now=now)
        self._control.release(now=now)

    # -- in and out ----------------------------------------------------------------------------------------------------

    def taken(
        self, data: bytes, *, local: Address, remote: Address, now: float
    ) -> tuple[bytes, Address, Address] | None:
        """What came by way of the server, with the ends that it has above; other datagrams are left as they are."""
        if remote != self._server:
            return data, local, remote
        allocation = self._media if local.port == self._port else self._control
        found = allocation.receive_datagram(data, local=local, now=now)
        self._take_events(now)
        if found is None or allocation.relayed is None:
            return None
        peer, payload = found
        return payload, allocation.relayed, peer

    def sent(self, datagrams: Iterable[Datagram]) -> list[Datagram]:
        """Those that leave now: what is asked of the server, and what leaves from its address by way of it."""
        rest = []
        for one in datagrams:
            allocation = next((each for each in (self._media, self._control) if each.relayed == one.local), None)
            if allocation is None:
                rest.append(one)
            else:
                allocation.send(one.data, one.remote)
        return [*self._media.datagrams_to_send(), *self._control.datagrams_to_send(), *rest]

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self._media.get_timer(), self._control.get_timer(), self._give_up_at)
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._media.handle_timer(now=now)
        self._control.handle_timer(now=now)
        if self._give_up_at is not None and now >= self._give_up_at:
            if self.address is None:
                self._media.release(now=now)
                self._lose(None)
            self._settle()
        self._take_events(now)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _open(self, link: Link) -> Address:
        here = Address(link.address, self._port)
        self._open_at(here)
        return here

    def _take_events(self, now: float) -> None:
        while (event := self._media.next_event()) is not None:
            if isinstance(event, Allocated):
                self._allocated(event, now)
            elif isinstance(event, AllocationMoved):
                self._tell("relay_moved", address=event.local.ip, answered=event.answered)
            elif isinstance(event, MoveRefused):
                self.is_refused = True
                self._tell("relay_refused", **_status(event.code))
            else:
                self._lose(event.code)
        while (event := self._control.next_event()) is not None:
            if isinstance(event, Allocated):
                self._control.permit(self._peer_ip, now=now)
                self._settle()
            elif isinstance(event, AllocationLost):  # speech goes without reports
                self._settle()

    def _allocated(self, event: Allocated, now: float) -> None:
        if self._link is None:
            return
        self.address = event.relayed
        self._tell("relay_allocated", address=event.relayed.hostport, mobile=event.mobile)
        self._media.permit(self._peer_ip, now=now)
        if event.token is None:
            self._settle()
        else:
            self._control.allocate(control_of(Address(self._link.address, self._port)), token=event.token, now=now)

    def _lose(self, code: int | None) -> None:
        """There is no server for us: media have to be somewhere else."""
        self._tell("relay_lost", **_status(code))
        self.leave()
        self._settle()

    def _settle(self) -> None:
        self.is_settled, self._give_up_at = True, None


def _status(code: int | None) -> dict[str, int]:
    return {} if code is None else {"status": code}
