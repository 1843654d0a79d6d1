"""What moves a mobile node's address, whatever protocol it is: a wish, its answer, and who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from agents.roles.role import Command, MobilityPacket
    from agents.sip.message.address import Datagram

# RFC 5944 3.6.3, RFC 6275 12 (INITIAL_BINDACK_TIMEOUT, MAX_BINDACK_TIMEOUT): doubling.
FIRST_TIMEOUT_S = 1.0
LONGEST_TIMEOUT_S = 32.0
# What the tunnels of a mobile node are called: one for each link, named after it.
TUNNELS = "mip-"


class Wish(NamedTuple):
    """`care_of` is to be bound, asked for from `local`; `lifetime_s` 0: it is to be bound no longer.

    `relay` is whose address that is, and who passes the request on; "": it is the node's own.
    """

    care_of: str
    lifetime_s: int
    keeps_others: bool
    local: str
    relay: str = ""


class RegistrationAnswered(NamedTuple):
    """An answer that counts: to which wish, what it says, and how long the request took.

    `lifetime_s` is what was granted; `kept_others`: the addresses bound before still are, as was wished.
    """

    wish: Wish
    code: int
    is_accepted: bool
    kept_others: bool
    lifetime_s: int
    took_s: float


class Registers(Protocol):
    """One wish at a time, the newest; another one takes its place. It asks, asks again, and checks the answers."""

    #: What is to be sent, and to be done besides; and why answers were not believed. Who takes them empties them.
    sending: list[Datagram]
    commands: list[Command]
    doubted: list[str]

    @property
    def agent(self) -> str:
        """The home agent's address."""

    @property
    def wish(self) -> Wish | None:
        """What is being asked for; None where nothing is."""

    def has_address(self, address: str) -> None:
        """The node has this address from now on: it may be asked from there."""

    def ask(self, wish: Wish, *, now: float) -> None:
        """From now on this is asked for."""

    def stop(self) -> None:
        """Nothing is asked for any more."""

    def get_timer(self) -> float | None:
        """When to ask again."""

    def handle_timer(self, *, now: float) -> None:
        """Asks again, if there has been no answer for long enough."""

    def receive(self, heard: bytes | MobilityPacket, *, now: float) -> RegistrationAnswered | None:
        """What came, of the kind that it asked to hear; None where it is no answer to what is being asked."""
