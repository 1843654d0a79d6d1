"""One mobile node's registrations with its home agent (RFC 5944 3.6): asks, asks again, checks the answers.

Every request is a new one, as timestamps want it (3.6.3, 5.7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import PORT, Flag, Key, MipParseError, RegistrationRequest, ReplyCode, parse_reply
from agents.roles.mobility.clock import LOW, ntp_timestamp, time_of_day_s
from agents.roles.mobility.registers import FIRST_TIMEOUT_S, LONGEST_TIMEOUT_S, RegistrationAnswered
from agents.roles.role import Open
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mobility.registers import Wish
    from agents.roles.role import Command, MobilityPacket

# Packets are sent through a tunnel as well (RFC 3024); a co-located care-of address has both end at the node itself.
_ALWAYS, _CO_LOCATED = Flag.REVERSE_TUNNEL, Flag.DECAPSULATED_BY_MOBILE_NODE


class Registering:
    """One wish at a time, the newest; another one takes its place."""

    def __init__(self, home: str, home_agent: Address, key: Key, random: Random, *, clock_offset_s: float) -> None:
        """`clock_offset_s` makes a time of day out of the seconds of `now`."""
        self._home, self._agent, self._key, self._random = home, home_agent, key, random
        self._offset_s = clock_offset_s
        self._wish: Wish | None = None
        self._asked_at = 0.0
        # Of the newest request; the next one's is above it.
        self._identification = 0
        self._timeout_s = FIRST_TIMEOUT_S
        self._may_resynchronize = True
        self.sending: list[Datagram] = []
        self.commands: list[Command] = []
        #: Why replies were not believed.
        self.doubted: list[str] = []

    @property
    def agent(self) -> str:
        """The home agent's address."""
        return self._agent.ip

    @property
    def wish(self) -> Wish | None:
        """What is being asked for; None where nothing is."""
        return self._wish

    def has_address(self, address: str) -> None:
        """The node has this address from now on: it may be asked from there."""
        self.commands.append(Open(Address(address, PORT), hop_limit=255))

    def ask(self, wish: Wish, *, now: float) -> None:
        """From now on this is asked for."""
        self._wish, self._timeout_s, self._may_resynchronize = wish, FIRST_TIMEOUT_S, True
        self._send(now)

    def stop(self) -> None:
        """Nothing is asked for any more."""
        self._wish = None

    def get_timer(self) -> float | None:
        """When to ask again."""
        return None if self._wish is None else self._asked_at + self._timeout_s

    def handle_timer(self, *, now: float) -> None:
        """Asks again, if there has been no answer for long enough."""
        if self._wish is not None and now >= self._asked_at + self._timeout_s:
            self._timeout_s = min(2 * self._timeout_s, LONGEST_TIMEOUT_S)
            self._send(now)

    def receive(self, heard: bytes | MobilityPacket, *, now: float) -> RegistrationAnswered | None:
        """A reply, relayed or not; None where it is no answer to what is being asked (3.6.2.1)."""
        if not isinstance(heard, bytes):
            return None
        try:
            reply, signatures = parse_reply(heard)
        except MipParseError as error:
            self.doubted.append(str(error))
            return None
        wish = self._wish
        is_refused_on_the_way = wish is not None and bool(wish.relay) and reply.is_by_foreign_agent  # 3.6.2.1
        if not is_refused_on_the_way and (len(signatures) != 1 or not signatures[0].is_by(self._key, heard)):
            self.doubted.append("not signed by the home agent")
            return None
        if wish is None or reply.identification & LOW != self._identification & LOW:
            self.doubted.append("answers nothing that is being asked")
            return None
        if reply.code == ReplyCode.IDENTIFICATION_MISMATCH and self._may_resynchronize:  # 3.6.2.3, 5.7.1
            self._may_resynchronize = False
            self._offset_s = time_of_day_s(reply.identification) - now
            self._identification = 0  # what was refused counts in no order: our clock may have been ahead
            self._send(now)
            return None
        self._wish = None
        return RegistrationAnswered(
            wish, reply.code, reply.is_accepted, wish.keeps_others and reply.code == ReplyCode.ACCEPTED,
            min(reply.lifetime_s, wish.lifetime_s), now - self._asked_at,
        )  # fmt: skip

    def _send(self, now: float) -> None:
        wish = self._wish
        if wish is None:
            return
        flags = _ALWAYS if wish.relay or wish.care_of == self._home else _ALWAYS | _CO_LOCATED
        flags |= Flag.SIMULTANEOUS_BINDINGS if wish.keeps_others else Flag(0)
        # What the clock does not have is chance, and it is above all before (5.7.1).
        stamp = ntp_timestamp(now + self._offset_s) & ~0xFFFF | self._random.getrandbits(16)
        self._identification = max(stamp, self._identification + 1)
        request = RegistrationRequest(
            flags, wish.lifetime_s, self._home, self._agent.ip, wish.care_of, self._identification
        )
        self._asked_at = now
        to = Address(wish.relay, PORT) if wish.relay else self._agent
        self.sending.append(Datagram(Address(wish.local, PORT), to, request.signed(self._key)))


def registering_of(config: dict[str, Any], random: Random) -> Registering:
    """Of the mobile node's configuration."""
    agent, key = Address(config["home_agent"], PORT), Key(config["spi"], bytes.fromhex(config["key"]))
    return Registering(config["home_address"], agent, key, random, clock_offset_s=config["clock_offset_s"])
