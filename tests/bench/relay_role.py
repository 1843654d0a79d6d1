"""The B2BUA's relay as a program of its own: so many bridged calls, and no signalling.

    python -m tests.bench.relay_role OWN-ADDRESS GENERATOR-ADDRESS CALLS

Call n takes from the MN at port 10000 + 2n and from the peer at 10001 + 2n; both are the generator, at 30000 + 2n and
30001 + 2n.
"""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

from agents.io.driver import Driver
from agents.media.leg import Agreed, Leg
from agents.roles.b2bua.shared import Office
from agents.roles.quiet_role import QuietRole
from agents.roles.role import Open
from agents.sdp.audio import PCMU, Numbering
from agents.sip.message.address import Address
from agents.sip.user_agent import UserAgent

if TYPE_CHECKING:
    from agents.roles.role import Command
    from agents.sip.message.address import Datagram


class RelayRole(QuietRole):
    """Bridged calls from the beginning to the end."""

    def __init__(self, own: str, generator: str, calls: int) -> None:
        super().__init__()
        random = Random(1)
        self._office = Office(Address(own, 5060), UserAgent(random), random)
        numbering = Numbering({PCMU: 0}, {0: PCMU})
        for call in range(calls):
            relay = self._office.new_relay()
            mn = Leg(Address(own, 10000 + 2 * call), Address(generator, 30000 + 2 * call))
            peer = Leg(Address(own, 10001 + 2 * call), Address(generator, 30001 + 2 * call))
            for leg in (mn, peer):
                self._office.relays[leg.local] = relay
                self._office.commands.append(Open(leg.local, is_media=True))
            relay.set_leg("mn", Agreed(mn, True, numbering), now=0.0)
            relay.set_peer(Agreed(peer, True, numbering), now=0.0)
            self._office.splice(relay)

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """What is not spliced."""
        self._office.relays[local].receive_datagram(data, local=local, remote=remote, now=now, came=came)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is not spliced."""
        waiting, self._office.media[:] = list(self._office.media), []
        return waiting

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._office.commands.pop(0) if self._office.commands else None


if __name__ == "__main__":
    Driver(RelayRole(sys.argv[1], sys.argv[2], int(sys.argv[3]))).run()
